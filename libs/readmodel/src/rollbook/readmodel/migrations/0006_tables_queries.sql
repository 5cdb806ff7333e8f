-- Saved queries, and the words that mean the same to whoever searches.

CREATE TABLE queries (
    namespace text COLLATE "C" NOT NULL,
    query text COLLATE "C" NOT NULL,
    text text NOT NULL,               -- empty where it was dropped
    ordering text NOT NULL,
    description text NOT NULL,
    partition integer NOT NULL,
    off bigint NOT NULL,
    saved_at timestamptz NOT NULL,
    saved_by text NOT NULL,
    PRIMARY KEY (namespace, query)
);

CREATE TABLE synonyms (
    namespace text COLLATE "C" NOT NULL,
    word text COLLATE "C" NOT NULL,
    same jsonb NOT NULL,              -- empty where the word stands for itself again
    partition integer NOT NULL,
    off bigint NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL,
    PRIMARY KEY (namespace, word)
);
