-- What is to be sent to endpoints, and what became of it; beside the views, since no log brings it back.

CREATE TABLE notifier_places (
    partition integer PRIMARY KEY,
    off bigint NOT NULL                -- of the next record to be looked at
);

CREATE TABLE deliveries (
    number bigserial PRIMARY KEY,      -- the order in which an endpoint gets them
    namespace text COLLATE "C" NOT NULL,
    endpoint text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    id uuid NOT NULL,                  -- of the event: what is sent again has the same
    type text NOT NULL,
    model text COLLATE "C",
    state text NOT NULL,               -- waiting, delivered, given_up or dropped
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    next_at timestamptz NOT NULL DEFAULT now(),
    give_up_at timestamptz NOT NULL,
    ended_at timestamptz,
    said text NOT NULL DEFAULT '',     -- what came of the last attempt
    UNIQUE (namespace, endpoint, partition, off)
);

CREATE INDEX deliveries_waiting ON deliveries (namespace, endpoint, number) WHERE state = 'waiting';
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL;
