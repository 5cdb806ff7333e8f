-- Which versions name an artifact beside their own.

CREATE INDEX versions_by_variant ON versions USING gin ((facts -> 'variants') jsonb_path_ops)
    WHERE facts -> 'variants' IS NOT NULL;
