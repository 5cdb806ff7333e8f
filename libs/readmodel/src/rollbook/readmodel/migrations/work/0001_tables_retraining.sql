-- Calls to pipelines, written before they are made; beside the views, since no log brings them back.
CREATE TABLE retraining_calls (
    id uuid PRIMARY KEY,
    model text COLLATE "C" NOT NULL,
    retraining integer NOT NULL,
    called_at timestamptz NOT NULL,
    calls integer NOT NULL,
    stopped_at timestamptz            -- when its run was told to stop
);
