-- Views that came to tables which already held records, and which set of tables this is.

CREATE TABLE unbuilt (
    view text COLLATE "C" PRIMARY KEY,
    empty boolean NOT NULL            -- true: not to be read; false: old rows lack new columns
);

-- Raised when one view is put in place of another, so that the projector looks around.
ALTER TABLE projection_offset ADD COLUMN generation integer NOT NULL DEFAULT 0;
