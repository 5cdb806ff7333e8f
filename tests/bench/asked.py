"""The queries that the documentation shows as examples: what is documented is what is measured."""

from typing import NamedTuple


class Asked(NamedTuple):
    """A query, its order (nothing: the newest first) and what is counted."""

    query: str
    order: str = ""
    facets: str = ""

    def __str__(self) -> str:
        """As the documentation writes it."""
        order = f"  --order {self.order}" if self.order else ""
        facets = f"  --facets {self.facets}" if self.facets else ""
        return f"{self.query}{order}{facets}"


EXAMPLES = (
    Asked("attrition"),
    Asked('"false positives" and not drift'),
    Asked("chargeback or embargo", "-metrics.auc"),
    Asked('metrics.auc >= 0.9 and tags.team = "fraud" and trained_before(2026-03-15)'),
    Asked("metrics.auc >= 0.9 and metrics.latency_p95_ms < 20", "-metrics.auc"),
    Asked("model = fraud/card-approval and stage = validated", "-metrics.auc"),
    Asked("model = fraud/card-approval and metrics.log_loss < 0.2 and card = none", "created"),
    Asked("namespace = credit and (stage = rejected or card = stale)"),
    Asked("environment = production and risk = high", "-updated"),
    Asked("alias = champion and created_before(2026-01-01)"),
    Asked('dataset = "s3://data/transactions/17" and state in (used, archived)'),
    Asked("team = fraud and params.max_depth > 8 and properties.customer_facing = true"),
    Asked("format = onnx and size < 50000000", "size"),
    Asked("stage = validated", "", "tags.team,format"),
)
