-- What searches walk in order, and what finds the few that fit; those of now apart from the past,
-- so that a search of now does not pay for what has been.

ALTER TABLE search ADD PRIMARY KEY (model, version, off);
-- The last column is no order: those that it rules out are passed over inside of the index.
CREATE INDEX search_created ON search (created_at, model, version, trained_at)
    WHERE until_off IS NULL;
CREATE INDEX search_updated ON search (updated_at, model, version) WHERE until_off IS NULL;
CREATE INDEX search_trained ON search (trained_at, model, version)
    WHERE until_off IS NULL AND trained_at IS NOT NULL;
CREATE INDEX search_review ON search (review_by, model, version)
    WHERE until_off IS NULL AND review_by IS NOT NULL;
CREATE INDEX search_size ON search (size, model, version)
    WHERE until_off IS NULL AND size IS NOT NULL;
CREATE INDEX search_words ON search USING gin (words) WHERE until_off IS NULL;
CREATE INDEX search_past_created ON search (created_at, model, version, trained_at)
    WHERE until_off IS NOT NULL;
CREATE INDEX search_past_words ON search USING gin (words) WHERE until_off IS NOT NULL;

ALTER TABLE scores ADD PRIMARY KEY (metric, value, model, version);
CREATE INDEX scores_of_model ON scores (model, metric, value, version);

ALTER TABLE profiles ADD PRIMARY KEY (model, off);
CREATE INDEX profiles_retired ON profiles (model) WHERE retired;
CREATE INDEX profiles_words ON profiles USING gin (words);

ALTER TABLE pointings ADD PRIMARY KEY (model, alias, off);
CREATE INDEX pointings_of_alias ON pointings (alias, model, version);

CREATE INDEX discussion_words ON discussion
    USING gin (to_tsvector('pg_catalog.english'::regconfig, left(comment, 60000)));

-- How many versions a model had at a moment.
CREATE INDEX versions_by_then ON versions (model, off, version);
