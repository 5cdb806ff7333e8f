"""Metrics of versions as questions compare them: which value counts, and whether more is better."""

from typing import Final, Literal, TypeAlias

Direction: TypeAlias = Literal["auto", "higher", "lower"]

LOWER: Final = (
    r"(^|[^a-z])(\w*loss|\w*error|\w*errors|rmse|rmsle|mse|mae|mape|smape|wape|mase|wer|cer|ter|eer"
    r"|ece|mce|brier|perplexity|ppl|fpr|fnr|fdr|deviance|logloss|aic|bic|fid|drift|psi|latency"
    r"|duration|seconds|ms|time|size|bytes|memory|cost|price|co2|energy|p50|p90|p95|p99"
    r"|false_positives?|false_negatives?|false_positive_rate|false_negative_rate|\w+_rate_error)"
    r"([^a-z]|$)"
)
"""Names of metrics of which less is better, in small letters; a regular expression that Postgres
and Python read alike. Of all others more is better."""


def measured(version: str) -> str:
    """A query for `name` and `value` of each metric of a row of `versions`, as of the moment.

    What was registered; where it was measured again, offline on all of the test data, the newest.
    """
    return (
        "SELECT DISTINCT ON (name) name, value::text::float8 AS value FROM ("  # noqa: S608  # our names
        f" SELECT r.key AS name, r.value, -1::bigint AS off, 0 AS place"
        f" FROM jsonb_each(coalesce({version}.facts -> 'metrics', '{{}}')) r"
        " UNION ALL SELECT m.key, m.value -> 'value', x.off, x.place FROM evaluations x,"
        " jsonb_each(x.evaluation -> 'metrics') m"
        f" WHERE (x.model, x.version) = ({version}.model, {version}.version) AND x.off <= o.last"
        " AND coalesce(x.evaluation ->> 'kind', 'offline') = 'offline'"
        " AND coalesce(x.evaluation ->> 'split', 'test') = 'test'"
        " AND NOT x.evaluation ? 'slice') k"
        " WHERE jsonb_typeof(value) = 'number' ORDER BY name, off DESC, place DESC"
    )


def better(direction: str, metric: str) -> str:
    """`higher` or `lower`, from a parameter that holds a direction, and the metric's name."""
    return (
        f"CASE WHEN {direction} <> 'auto' THEN {direction}"
        f" WHEN lower({metric}) ~ '{LOWER}' THEN 'lower' ELSE 'higher' END"
    )
