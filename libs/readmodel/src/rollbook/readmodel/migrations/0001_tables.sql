-- The views, and how far each partition of the log has been taken in.

CREATE TABLE projection_offset (
    projection text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,              -- the next record to be taken in
    claim bigint NOT NULL,            -- the writer's claim that holds there; -1 before the first
    "time" timestamptz,               -- of the newest record taken in
    PRIMARY KEY (projection, partition)
) WITH (fillfactor = 50);             -- updated by every batch: leave room to do it in place

CREATE TABLE parked (
    model text COLLATE "C" PRIMARY KEY,
    partition integer NOT NULL,
    off bigint NOT NULL,
    "time" timestamptz NOT NULL,
    reason text NOT NULL
);

CREATE TABLE models (
    key text COLLATE "C" PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    description text NOT NULL,
    tags jsonb NOT NULL,
    versions integer NOT NULL,
    seq bigint NOT NULL,
    head text NOT NULL,               -- SHA-256 of the newest event: what the next one's prev must be
    partition integer NOT NULL,
    off bigint NOT NULL,              -- of the newest event
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE versions (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    digest text COLLATE "C" NOT NULL,
    facts jsonb NOT NULL,             -- what was registered; never changes
    description text NOT NULL,
    tags jsonb NOT NULL,
    archived_reason text,             -- null while in use
    partition integer NOT NULL,
    off bigint NOT NULL,              -- of its registration
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (model, version)
);

CREATE TABLE aliases (
    model text COLLATE "C" NOT NULL,
    alias text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL,
    PRIMARY KEY (model, alias)
);

CREATE TABLE environments (
    model text COLLATE "C" NOT NULL,
    environment text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    action text NOT NULL,             -- the type of the event that put it there
    replaced integer,
    reason text,
    actor text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,              -- stood there from this position, included,
    since timestamptz NOT NULL,
    until_off bigint,                 -- until this one, excluded; null: it stands there now
    until timestamptz,
    PRIMARY KEY (model, environment, off)
);
CREATE UNIQUE INDEX environments_now ON environments (model, environment) WHERE until_off IS NULL;

CREATE TABLE history (
    partition integer NOT NULL,
    off bigint NOT NULL,
    model text COLLATE "C",
    seq bigint NOT NULL,
    type text NOT NULL,
    "time" timestamptz NOT NULL,
    actor text NOT NULL,
    id uuid NOT NULL,
    command_id uuid,
    correlation_id text,              -- null where it is the command's id
    causation_id text,                -- the same
    claim bigint NOT NULL,
    prev text,
    data jsonb NOT NULL
);
