-- What the named questions look up by.

CREATE INDEX environments_begun ON environments (since);
CREATE INDEX versions_by_review ON versions (review_by) WHERE review_by IS NOT NULL;
CREATE INDEX versions_by_dataset ON versions
    USING gin ((facts #> '{lineage,datasets}') jsonb_path_ops)
    WHERE facts #> '{lineage,datasets}' IS NOT NULL;
CREATE INDEX requests_waiting ON requests (requested_at, model, request) WHERE state = 'open';
CREATE INDEX history_of_standing ON history (model, type, off) WHERE type IN
    ('VersionArchived', 'VersionRestored', 'ModelRetired', 'ModelRestored', 'OwnerAssigned');
CREATE INDEX history_of_refusals ON history ("time") WHERE type = 'CommandRefused';
