-- Signatures of variants, beside those of versions themselves.

ALTER TABLE signatures ADD COLUMN variant text;  -- null: the version's own artifact
