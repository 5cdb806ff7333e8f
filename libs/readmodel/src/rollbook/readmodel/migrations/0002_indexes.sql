-- What the queries look up by; a file of its own, since a rebuild makes them when the rows are in.

CREATE INDEX models_of_namespace ON models (namespace, key);
CREATE INDEX versions_by_digest ON versions (digest);
CREATE INDEX versions_by_label ON versions (model, label) WHERE label IS NOT NULL;
CREATE INDEX versions_to_review ON versions (review_by) WHERE review_by IS NOT NULL AND NOT card_stale;
ALTER TABLE evaluations ADD PRIMARY KEY (model, version, number, place);
ALTER TABLE verdicts ADD PRIMARY KEY (model, version, off);
ALTER TABLE cards ADD PRIMARY KEY (model, version, revision);
ALTER TABLE reviews ADD PRIMARY KEY (model, version, off);
ALTER TABLE documents ADD PRIMARY KEY (model, version, off);
ALTER TABLE discussion ADD PRIMARY KEY (model, request, off);
ALTER TABLE erasures ADD PRIMARY KEY (namespace, reference, off);
CREATE INDEX aliases_of_version ON aliases (model, version);
CREATE INDEX environments_of_version ON environments (model, version) WHERE until_off IS NULL;
CREATE INDEX environments_serving ON environments (environment, model) WHERE until_off IS NULL;
CREATE INDEX requests_to_expire ON requests (expires_at) WHERE state = 'open';
CREATE INDEX requests_to_escalate ON requests (escalates_at)
    WHERE state = 'open' AND escalated_at IS NULL;
CREATE INDEX breaks_to_review ON breaks (broken_at) WHERE verdict IS NULL;
CREATE INDEX grants_of_subject ON grants (subject);
ALTER TABLE history ADD PRIMARY KEY (partition, off);
CREATE INDEX history_of_model ON history (model, off);
CREATE INDEX history_of_command ON history (command_id);
CREATE INDEX history_by_id ON history (id);
