-- What versions and models are searched by: a row for each state that one was in, from a position
-- of its partition, included, until another one, excluded; null: it is so now.

CREATE TABLE search (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    until_off bigint,
    archived boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    trained_at timestamptz,
    review_by timestamptz,
    size bigint,
    numbers jsonb NOT NULL,           -- by the field's name
    terms text[] NOT NULL,            -- =field=value
    prose text NOT NULL,
    card text NOT NULL,
    state json NOT NULL,              -- the columns of `versions` that changed by then
    words tsvector GENERATED ALWAYS AS (
        to_tsvector('pg_catalog.english'::regconfig, prose)
        || to_tsvector('pg_catalog.english'::regconfig, 'the the ' || card)
        || array_to_tsvector(terms)
    ) STORED
);
CREATE UNIQUE INDEX search_now ON search (model, version) WHERE until_off IS NULL;

CREATE TABLE scores (
    metric text COLLATE "C" NOT NULL,
    value double precision NOT NULL,
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL               -- of the version's registration: they never change
);

CREATE TABLE profiles (
    model text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    until_off bigint,
    retired boolean NOT NULL,
    description text NOT NULL,
    tags jsonb NOT NULL,
    owner text,
    team text,
    risk text,
    retired_reason text,
    terms text[] NOT NULL,
    words tsvector GENERATED ALWAYS AS (
        to_tsvector('pg_catalog.english'::regconfig, left(description, 60000))
        || to_tsvector(  -- words that are left out keep phrases from going over the seam
            'pg_catalog.english'::regconfig,
            'the the ' || regexp_replace(model, '[^[:alnum:]]+', ' ', 'g')
        )
        || array_to_tsvector(terms)
    ) STORED
);
CREATE UNIQUE INDEX profiles_now ON profiles (model) WHERE until_off IS NULL;

CREATE TABLE pointings (
    model text COLLATE "C" NOT NULL,
    alias text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    until_off bigint,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL
);
CREATE UNIQUE INDEX pointings_now ON pointings (model, alias) WHERE until_off IS NULL;
