"""The lineage of versions as a graph, without a registry."""
