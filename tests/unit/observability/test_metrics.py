import pytest
from prometheus_client import Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from rollbook.observability import metrics

CATALOGUE = {n: m for n, m in vars(metrics).items() if isinstance(m, MetricWrapperBase)}


def test_the_catalogue_is_found() -> None:
    assert {"OUTCOMES", "FENCED", "CLAIMS", "DEAD_LETTERS", "PROJECTION_LAG"} <= set(CATALOGUE)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_metric_is_ours_and_says_what_it_counts(name: str) -> None:
    (family,) = CATALOGUE[name].describe()
    assert family.name.startswith("rollbook_")
    assert len(family.documentation) > 10


@pytest.mark.parametrize(
    "name", sorted(n for n, m in CATALOGUE.items() if isinstance(m, Histogram))
)
def test_a_histogram_is_in_seconds_from_a_millisecond_to_half_a_minute(name: str) -> None:
    (family,) = CATALOGUE[name].describe()
    assert family.name.endswith("_seconds")
    assert metrics.LATENCY[0] <= 0.001
    assert metrics.LATENCY[-1] >= 30
    assert list(metrics.LATENCY) == sorted(set(metrics.LATENCY))


def test_what_is_counted_is_exported() -> None:
    metrics.OUTCOMES.labels("PromoteVersion", "accepted").inc()
    metrics.PROJECTION_LAG.labels(0).set(7)
    told = generate_latest().decode()
    assert 'rollbook_outcomes_total{command="PromoteVersion",result="accepted"}' in told
    assert 'rollbook_projection_lag_records{partition="0"} 7.0' in told
    assert isinstance(metrics.OUTCOMES, Counter)
    assert isinstance(metrics.PROJECTION_LAG, Gauge)
