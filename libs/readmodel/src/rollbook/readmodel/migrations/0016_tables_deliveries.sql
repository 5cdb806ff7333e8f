-- Who is told of what happens to a namespace's models.

CREATE TABLE endpoints (
    namespace text COLLATE "C" NOT NULL,
    endpoint text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    document jsonb NOT NULL,
    in_force boolean NOT NULL,        -- false where it was dropped
    rotation integer NOT NULL,        -- of its secret
    overlap_until timestamptz,        -- until then, the secret before counts as well
    partition integer NOT NULL,
    off bigint NOT NULL,
    "time" timestamptz NOT NULL,
    actor text NOT NULL,
    PRIMARY KEY (namespace, endpoint)
);
