-- What the queries look up by; a file of its own, since a rebuild makes them when the rows are in.

CREATE INDEX models_of_namespace ON models (namespace, key);
CREATE INDEX versions_by_digest ON versions (digest);
CREATE INDEX aliases_of_version ON aliases (model, version);
CREATE INDEX environments_of_version ON environments (model, version) WHERE until_off IS NULL;
ALTER TABLE history ADD PRIMARY KEY (partition, off);
CREATE INDEX history_of_model ON history (model, off);
CREATE INDEX history_of_command ON history (command_id);
