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
    model text COLLATE "C" PRIMARY KEY, -- the stream's key: a namespace's, too
    partition integer NOT NULL,
    off bigint NOT NULL,
    "time" timestamptz NOT NULL,
    reason text NOT NULL
);

-- Models

CREATE TABLE models (
    key text COLLATE "C" PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    description text NOT NULL,
    tags jsonb NOT NULL,
    versions integer NOT NULL,
    owner text,
    team text,
    risk text,
    retired_reason text,              -- null while in use
    seq bigint NOT NULL,
    head text NOT NULL,               -- SHA-256 of the newest event: what the next one's prev must be
    partition integer NOT NULL,
    off bigint NOT NULL,              -- of the newest event
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL,
    origin text,                      -- where it was imported from
    origin_time timestamptz           -- when it was registered there
) WITH (fillfactor = 80);

CREATE TABLE versions (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    digest text COLLATE "C" NOT NULL,
    label text COLLATE "C",
    facts jsonb NOT NULL,             -- what was registered; never changes
    recorded integer NOT NULL,        -- which core fields that gives, a bit each
    description text NOT NULL,
    tags jsonb NOT NULL,
    properties json NOT NULL,         -- as it was written: evidence is made of these very numbers
    properties_schema integer NOT NULL,
    stage text NOT NULL,
    rejected boolean NOT NULL,        -- whether the last verdict was against it
    verdict text,                     -- digest of the last verdict of the gates
    evaluations integer NOT NULL,     -- since registration
    evaluated text,                   -- digest that pins them
    documents jsonb NOT NULL,         -- digests of the links to them
    card_revision integer NOT NULL,
    card_digest text,
    card_sections jsonb NOT NULL,
    review_by timestamptz,
    card_stale boolean NOT NULL,
    archived_reason text,             -- null while in use
    partition integer NOT NULL,
    off bigint NOT NULL,              -- of its registration
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL,
    origin text,
    origin_time timestamptz,
    PRIMARY KEY (model, version)
);

CREATE TABLE evaluations (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    number integer NOT NULL,          -- 0: given at registration
    place integer NOT NULL,           -- among those of one event
    evaluation jsonb NOT NULL,
    digest text,                      -- pins the history up to here; null at registration
    partition integer NOT NULL,
    off bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL
);

CREATE TABLE verdicts (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    stage text NOT NULL,              -- validated or rejected
    gates jsonb NOT NULL,
    policy text,
    digest text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    decided_at timestamptz NOT NULL,
    decided_by text NOT NULL
);

CREATE TABLE cards (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    revision integer NOT NULL,
    card jsonb NOT NULL,
    digest text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    written_at timestamptz NOT NULL,
    written_by text NOT NULL
);

CREATE TABLE reviews (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    revision integer NOT NULL,
    review_by timestamptz NOT NULL,   -- until when the card was found to hold
    note text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    reviewed_at timestamptz NOT NULL,
    reviewed_by text NOT NULL
);

CREATE TABLE documents (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    uri text NOT NULL,
    digest text,
    partition integer NOT NULL,
    off bigint NOT NULL,
    linked_at timestamptz NOT NULL,
    linked_by text NOT NULL
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
    request integer,                  -- that was granted
    approved_by jsonb NOT NULL,
    evidence text,
    rules integer,                    -- version of the namespace's rules; null: none were asked
    actor text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,              -- stood there from this position, included,
    since timestamptz NOT NULL,
    until_off bigint,                 -- until this one, excluded; null: it stands there now
    until timestamptz,
    PRIMARY KEY (model, environment, off)
);
CREATE UNIQUE INDEX environments_now ON environments (model, environment) WHERE until_off IS NULL;

CREATE TABLE breaks (
    model text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    version integer NOT NULL,
    environment text COLLATE "C" NOT NULL,
    replaced integer,
    reason text NOT NULL,
    bypassed jsonb NOT NULL,
    rules integer NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    broken_at timestamptz NOT NULL,
    broken_by text NOT NULL,
    verdict text,                     -- null until somebody has reviewed it
    note text,
    reviewed_at timestamptz,
    reviewed_by text,
    PRIMARY KEY (model, number)
);

CREATE TABLE requests (
    model text COLLATE "C" NOT NULL,
    request integer NOT NULL,
    version integer NOT NULL,
    environment text COLLATE "C" NOT NULL,
    replaces integer,
    reason text NOT NULL,
    rollback_plan text NOT NULL,
    risk text NOT NULL,
    quorum json NOT NULL,             -- in the order of the rules, as the next
    missing json NOT NULL,            -- as the last approval left it
    evidence text NOT NULL,           -- when it was asked for
    rules integer NOT NULL,
    state text NOT NULL,              -- open, promoted, rejected, withdrawn or expired
    partition integer NOT NULL,
    off bigint NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    escalates_at timestamptz,
    escalated_at timestamptz,
    escalated_to text,
    closed_at timestamptz,
    closed_by text,
    closed_reason text,
    PRIMARY KEY (model, request)
);
CREATE UNIQUE INDEX requests_open ON requests (model, version, environment) WHERE state = 'open';

CREATE TABLE discussion (
    model text COLLATE "C" NOT NULL,
    request integer NOT NULL,
    kind text NOT NULL,               -- approval, rejection or comment
    title text,
    comment text NOT NULL,
    evidence text,
    partition integer NOT NULL,
    off bigint NOT NULL,
    said_at timestamptz NOT NULL,
    said_by text NOT NULL
);

-- Namespaces

CREATE TABLE namespaces (
    namespace text COLLATE "C" PRIMARY KEY,
    rules jsonb NOT NULL,
    rules_version integer NOT NULL,
    metadata jsonb,
    schema_version integer NOT NULL,
    adapters jsonb NOT NULL,
    seq bigint NOT NULL,
    head text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE grants (
    namespace text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    subject text COLLATE "C" NOT NULL,
    role text NOT NULL,
    models text NOT NULL,
    environments text NOT NULL,
    title text,
    until timestamptz,
    reason text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    granted_at timestamptz NOT NULL,
    granted_by text NOT NULL,
    revoked_at timestamptz,
    revoked_by text,
    revoked_reason text,
    PRIMARY KEY (namespace, number)
);

CREATE TABLE keys (
    namespace text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    public_key text NOT NULL,
    until timestamptz NOT NULL,
    roles jsonb NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    issued_at timestamptz NOT NULL,
    issued_by text NOT NULL,
    revoked_at timestamptz,
    revoked_by text,
    revoked_reason text,
    PRIMARY KEY (namespace, key)
);

CREATE TABLE collections (
    namespace text COLLATE "C" NOT NULL,
    collection text COLLATE "C" NOT NULL,
    models jsonb NOT NULL,
    description text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL,
    PRIMARY KEY (namespace, collection)
);

CREATE TABLE erasures (
    namespace text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    erased_at timestamptz NOT NULL,
    erased_by text NOT NULL
);

-- Records

CREATE TABLE history (
    partition integer NOT NULL,
    off bigint NOT NULL,
    model text COLLATE "C",           -- the stream's key: a namespace's, too
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
    origin text,
    origin_time timestamptz,
    "schema" integer NOT NULL,        -- the version of its type that it was written in
    data json NOT NULL,               -- keeps the text: jsonb writes 1e22 as an integer
    raw bytea                         -- the value itself, where Postgres cannot hold it as JSON
);
