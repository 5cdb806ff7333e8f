-- Rollouts: where each stands, and every step that it took.

CREATE TABLE rollouts (
    model text COLLATE "C" NOT NULL,
    rollout integer NOT NULL,
    version integer NOT NULL,
    environment text NOT NULL,
    baseline integer NOT NULL,
    challengers jsonb NOT NULL,
    plan jsonb NOT NULL,
    digest text NOT NULL,
    reason text NOT NULL,
    requests jsonb NOT NULL,
    approved_by jsonb NOT NULL,
    evidence text,
    rules integer NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    started_at timestamptz NOT NULL,
    started_by text NOT NULL,
    state text NOT NULL,
    step integer NOT NULL,
    due timestamptz NOT NULL,
    deadline timestamptz NOT NULL,
    paused_at timestamptz,
    missing jsonb NOT NULL,
    promoted integer,
    promoted_at timestamptz,
    finding jsonb,
    cause text,
    ended_at timestamptz,
    ended_by text,
    ended_reason text,
    moved_off bigint NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (model, rollout)
);

CREATE INDEX rollouts_live ON rollouts (model, rollout) WHERE ended_at IS NULL;

CREATE TABLE rollout_steps (
    model text COLLATE "C" NOT NULL,
    rollout integer NOT NULL,
    type text NOT NULL,
    step integer,
    version integer NOT NULL,
    cause text,
    reason text NOT NULL,
    finding jsonb,
    partition integer NOT NULL,
    off bigint NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL,
    PRIMARY KEY (model, rollout, off)
);
