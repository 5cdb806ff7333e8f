CREATE TABLE reference_profiles (
    model text COLLATE "C" NOT NULL,
    version int NOT NULL,
    digest text COLLATE "C" NOT NULL,
    profile jsonb NOT NULL,
    partition int NOT NULL,
    off bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    PRIMARY KEY (model, version)
);

CREATE TABLE alarms (
    model text COLLATE "C" NOT NULL,
    alarm int NOT NULL,
    version int NOT NULL,
    environment text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    findings jsonb NOT NULL,
    pictures jsonb NOT NULL,
    begin_ timestamptz NOT NULL,
    end_ timestamptz NOT NULL,
    rows bigint NOT NULL,
    windows bigint NOT NULL,
    profile text,
    raised_at timestamptz NOT NULL,
    raised_by text NOT NULL,
    state text NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text,
    note text,
    cleared_at timestamptz,
    cleared_by text,
    reason text,
    partition int NOT NULL,
    off bigint NOT NULL,
    PRIMARY KEY (model, alarm)
);
CREATE INDEX alarms_open ON alarms (model, alarm) WHERE state = 'open';
