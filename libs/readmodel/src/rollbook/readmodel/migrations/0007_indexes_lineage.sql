-- What was made from a version or a commit, looked up in the facts themselves (by data set: see
-- 0009). A table of edges would find a row faster, and cost the projector three times as much.

CREATE INDEX versions_by_parent ON versions USING gin ((facts #> '{lineage,parents}') jsonb_path_ops)
    WHERE facts #> '{lineage,parents}' IS NOT NULL;
CREATE INDEX versions_by_commit ON versions ((facts #>> '{lineage,code_commit}'))
    WHERE facts #>> '{lineage,code_commit}' IS NOT NULL;
