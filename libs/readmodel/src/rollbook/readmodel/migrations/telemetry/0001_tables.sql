-- What is summed up of the topic of telemetry, with the places up to which it is: one transaction
-- writes both. Beside the views, since no replay of the log makes these again.

CREATE TABLE telemetry_place (
    partition int PRIMARY KEY,
    off bigint NOT NULL,
    holder uuid,
    until timestamptz NOT NULL
);

CREATE TABLE telemetry_source (
    partition int NOT NULL,
    source text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    seen bytea NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (partition, source)
);

CREATE TABLE watermarks (
    model text PRIMARY KEY,
    newest bigint NOT NULL,
    open_from bigint NOT NULL
);

CREATE TABLE tallies (
    model text COLLATE "C" NOT NULL,
    rollout int NOT NULL,
    step int NOT NULL,
    version int NOT NULL,
    shadow boolean NOT NULL,
    metric text COLLATE "C" NOT NULL,
    n jsonb NOT NULL,
    x jsonb NOT NULL,
    bins jsonb NOT NULL,
    first timestamptz NOT NULL,
    last timestamptz NOT NULL,
    PRIMARY KEY (model, rollout, step, version, shadow, metric)
);

CREATE TABLE windows (
    model text COLLATE "C" NOT NULL,
    environment text COLLATE "C" NOT NULL,
    version int NOT NULL,
    profile text COLLATE "C" NOT NULL,
    start timestamptz NOT NULL,
    counts jsonb NOT NULL,
    findings jsonb,
    PRIMARY KEY (model, environment, version, profile, start)
);
CREATE INDEX windows_unjudged ON windows (model, start) WHERE findings IS NULL;

-- Of each version the newest window with a verdict: what is asked every few seconds.
CREATE TABLE newest_verdicts (
    model text COLLATE "C" NOT NULL,
    environment text COLLATE "C" NOT NULL,
    version int NOT NULL,
    profile text COLLATE "C" NOT NULL,
    start timestamptz NOT NULL,
    PRIMARY KEY (model, environment, version)
);

CREATE TABLE awaited (
    model text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    environment text COLLATE "C" NOT NULL,
    version int NOT NULL,
    start timestamptz NOT NULL,
    ord bigint NOT NULL,
    prediction jsonb NOT NULL,
    labelled boolean NOT NULL DEFAULT false,
    PRIMARY KEY (model, id, environment, version)
);
CREATE INDEX awaited_of_window ON awaited (model, environment, version, start, ord, id);
CREATE INDEX awaited_start ON awaited (start);

CREATE TABLE early (
    model text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    label jsonb NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (model, id)
);
CREATE INDEX early_time ON early (time);

CREATE TABLE presence (
    source text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    environment text COLLATE "C" NOT NULL,
    version int NOT NULL,
    digest text COLLATE "C" NOT NULL,
    target text NOT NULL,
    since timestamptz NOT NULL,
    seen timestamptz NOT NULL,
    PRIMARY KEY (source, model, environment, version, digest)
);
CREATE INDEX presence_model ON presence (model);
