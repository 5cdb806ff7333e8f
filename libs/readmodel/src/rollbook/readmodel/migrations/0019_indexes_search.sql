-- What an alias points at, or what serves, is looked up one by one: an index that answers by itself
-- for what is in use and for the commonest orders. Numbers come first: they are soonest compared.

CREATE INDEX search_standing ON search (version, model) INCLUDE (archived, created_at, updated_at)
    WHERE until_off IS NULL;
