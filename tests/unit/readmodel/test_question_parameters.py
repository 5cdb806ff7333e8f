"""What questions take: moments as people write them, and metrics whose names say what is better."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from rollbook.readmodel.questions.catalogue import QUESTIONS
from rollbook.readmodel.questions.metrics import LOWER
from rollbook.readmodel.questions.then import Then
from rollbook.readmodel.questions.window import When, Windowed

WHEN: TypeAdapter[datetime] = TypeAdapter(When)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-15", datetime(2026, 3, 15, tzinfo=UTC)),
        ("2026-03-15T09:30:00Z", datetime(2026, 3, 15, 9, 30, tzinfo=UTC)),
        ("2026-03-15T09:30:00+01:00", datetime(2026, 3, 15, 8, 30, tzinfo=UTC)),
        ("2026-03-15T09:30:00 01:00", datetime(2026, 3, 15, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_day_or_a_time_with_its_offset(text: str, moment: datetime) -> None:
    assert WHEN.validate_python(text) == moment


@pytest.mark.parametrize("text", ["", "5", "soon", "2026-03", "2026-03-15T09:30:00", "1800-01-01"])
def test_nothing_else_is_a_moment(text: str) -> None:
    with pytest.raises(ValidationError, match="must"):
        WHEN.validate_python(text)


def test_a_span_of_time_begins_where_it_is_said_to_or_some_days_before_its_end() -> None:
    then = Then(datetime(2026, 3, 31, tzinfo=UTC), {})
    assert Windowed(days=7).begins(then) == then.time - timedelta(days=7)
    since = datetime(2026, 3, 1, tzinfo=UTC)
    assert Windowed(days=7, since=since).begins(then) == since


@pytest.mark.parametrize(
    "name",
    [
        "loss",
        "val_loss",
        "log_loss",
        "logloss",
        "rmse",
        "test/MAE",
        "error_rate",
        "latency_p95",
        "wer",
        "perplexity",
        "brier",
        "ece",
        "size",
        "cost",
        "fpr",
        "train.mse",
        "psi",
        "co2",
    ],
)
def test_of_losses_errors_and_costs_less_is_better(name: str) -> None:
    assert re.search(LOWER, name.lower())


@pytest.mark.parametrize(
    "name",
    [
        "auc",
        "accuracy",
        "f1",
        "precision",
        "recall",
        "r2",
        "bleu",
        "ndcg@10",
        "lift",
        "mcc",
        "average_precision",
        "roc_auc",
        "kappa",
        "map",
        "specificity",
        "throughput",
        "gini",
    ],
)
def test_of_all_others_more_is_better(name: str) -> None:
    assert not re.search(LOWER, name.lower())


def test_every_question_is_one_sentence_or_two_and_bears_a_name_for_urls() -> None:
    for name, question in QUESTIONS.items():
        assert re.fullmatch(r"[a-z][a-z0-9-]+", name)
        assert question.meaning.endswith(".")
