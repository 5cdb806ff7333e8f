-- Policies, signatures of artifacts, legal holds, retention.

CREATE TABLE policies (
    namespace text COLLATE "C" NOT NULL,
    policy text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    document jsonb NOT NULL,
    in_force boolean NOT NULL,        -- false where it was dropped
    partition integer NOT NULL,
    off bigint NOT NULL,
    "time" timestamptz NOT NULL,
    actor text NOT NULL,
    PRIMARY KEY (namespace, policy)
);

CREATE TABLE signatures (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    signer text NOT NULL,
    digest text NOT NULL,
    bundle text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    attached_at timestamptz NOT NULL,
    attached_by text NOT NULL,
    PRIMARY KEY (model, version, off)
);

CREATE TABLE holds (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    held boolean NOT NULL,            -- false where it was lifted
    reason text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    "time" timestamptz NOT NULL,
    actor text NOT NULL,
    PRIMARY KEY (model, version)
);

CREATE TABLE retention (
    namespace text COLLATE "C" PRIMARY KEY,
    version integer NOT NULL,
    retention jsonb NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL
);
