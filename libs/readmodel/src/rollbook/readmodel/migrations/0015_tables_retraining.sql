-- When models are trained anew, and what came of it.

CREATE TABLE retraining (
    model text COLLATE "C" PRIMARY KEY,
    version integer NOT NULL,
    digest text NOT NULL,
    document jsonb,                   -- null: never
    partition integer NOT NULL,
    off bigint NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL
);

CREATE TABLE retrainings (
    model text COLLATE "C" NOT NULL,
    retraining integer NOT NULL,
    id uuid NOT NULL,
    alarm integer,
    version integer,
    environment text,
    reason text NOT NULL,
    pipeline text NOT NULL,
    parameters jsonb NOT NULL,
    deadline timestamptz NOT NULL,
    after integer NOT NULL,
    policy integer NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL,
    state text NOT NULL,
    run text,
    url text,
    candidate integer,
    note text NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (model, retraining)
);

CREATE INDEX retrainings_open ON retrainings (requested_at) WHERE ended_at IS NULL;
