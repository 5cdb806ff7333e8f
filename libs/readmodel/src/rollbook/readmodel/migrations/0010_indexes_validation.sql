-- What the validator looks up by at its start; from then on it reads what is new in the history.

CREATE INDEX versions_unjudged ON versions (created_at, model, version)
    WHERE verdict IS NULL AND archived_reason IS NULL;
CREATE INDEX versions_validating ON versions (model, version) WHERE stage = 'validating';
CREATE INDEX history_of_policies ON history (partition, off)
    WHERE type IN ('PolicySaved', 'PolicyDropped');
