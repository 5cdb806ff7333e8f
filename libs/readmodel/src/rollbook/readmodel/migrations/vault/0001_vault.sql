-- Personal data, which the log only names: not made from it, so no replay touches it.

CREATE TABLE personal (
    reference uuid PRIMARY KEY,       -- `personal:<reference>` in the log
    namespace text COLLATE "C" NOT NULL,
    content text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL
);

CREATE TABLE people (
    subject text COLLATE "C" PRIMARY KEY,
    name text,
    mail text,
    seen_at timestamptz NOT NULL DEFAULT now()
);
