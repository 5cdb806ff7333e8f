-- Verdicts say which gates bar a version from where; of older ones none did.

ALTER TABLE verdicts ADD COLUMN barred jsonb NOT NULL DEFAULT '{}';
