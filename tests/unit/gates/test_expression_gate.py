import time

import pytest
from pydantic import ValidationError

from rollbook.domain import expressions
from rollbook.domain.gates import Gate
from rollbook.gates.judging import needs
from rollbook.gates.probes import Probe
from tests.unit.gates.made import gate, judged, outcome

BIG = {f"s{i}": {"auc": 0.5} for i in range(2000)}
FULL: dict[str, object] = {
    "owner": "ann",
    "artifact": {"format": "onnx", "size": 1},
    "terms": {"licence": "MIT", "pii": "none"},
}


def asks(expression: str, **more: str) -> Gate:
    return gate("expression", expression=expression, **more)


@pytest.mark.parametrize(
    "expression",
    [
        "metrics.auc >= 0.9",
        "metrics.auc < 1",
        "1 > metrics.auc",
        "metrics.auc * 2 > 1 && 2 * metrics.auc > 1 && metrics.auc + 1 > 1 && metrics.auc / 2 < 1",
        "metrics.auc != 1",
        "size < 5e8 && size == 1000 && size / 2 == 500",
        "metrics.auc >= 0.99 * champion.production.auc",
        "!has(metrics.rmse) || metrics.rmse < 3",
        "slices.all(s, slices[s].auc >= 0.6)",
        "slices.filter(s, s.startsWith('sex=')).size() == 2",
        "'limitations' in card && licence in ['MIT', 'Apache-2.0']",
        "properties.owner_team == 'risk' && properties.depth <= 6.5",
        "measured['load.seconds'] < 2",
        "[metrics.auc, metrics['f1-score']].all(m, m > 0.5)",
        "model.matches('/scor') && model.startsWith('default/') && risk != 'high' && version > 2",
    ],
)
def test_a_true_condition_passes(expression: str) -> None:
    result = judged(
        asks(expression),
        model="scoring",
        version=3,
        metrics={"auc": 0.95, "f1-score": 0.8},
        champion={"production": {"metrics": {"auc": 0.95}}},
        artifact={"size": 1000},
        slices={"sex=f": {"auc": 0.7}, "sex=m": {"auc": 0.8}},
        sections=["limitations"],
        terms={"licence": "MIT"},
        properties={"owner_team": "risk", "depth": 6},
        measured={"load.seconds": 1.0},
    )
    assert result.outcome == "passed", result.reason


def test_a_false_condition_fails_with_the_numbers_and_why_it_is_asked() -> None:
    asked = asks("metrics.auc >= champion.production.auc", because="regulators ask")
    result = judged(asked, metrics={"auc": 0.8}, champion={"production": {"metrics": {"auc": 0.9}}})
    assert result.outcome == "failed"
    assert "metrics.auc is 0.8, champion.production.auc is 0.9" in result.reason
    assert result.reason.endswith("(because: regulators ask)")
    assert result.measured == {"metrics.auc": 0.8, "champion.production.auc": 0.9}


@pytest.mark.parametrize(
    ("expression", "lacks"),
    [
        ("metrics.auc > 0.5", "metrics.auc"),
        ("metrics['f1-score'] > 0.5", "metrics.f1-score"),
        ("champion.production.auc > 0.5", "champion.production.auc"),
        ("measured['load.seconds'] < 1", "measured.load.seconds"),
        ("licence == 'MIT'", "licence"),
        ("size < 3", "size"),
        ("slices.all(s, slices[s].tpr > 0.5)", "tpr"),
    ],
)
def test_what_is_missing_is_named_and_the_gate_says_what_then(expression: str, lacks: str) -> None:
    facts: dict[str, object] = {"slices": {"a=b": {"auc": 1.0}}}
    failed = judged(asks(expression), **facts)
    assert (failed.outcome, failed.reason) == ("failed", f"{lacks} is not known")
    assert judged(asks(expression, missing="skip"), **facts).outcome == "skipped"


@pytest.mark.parametrize(
    "expression",
    [
        "1 / 0 == 1",
        "metrics.auc / 0 > 1",
        "properties.team > 3",
        "properties.team",
        "slices.all(a, slices.all(b, true))",
        "params.n.matches('(')",
    ],
)
def test_what_cannot_be_decided_is_an_error_even_where_missing_things_are_skipped(
    expression: str,
) -> None:
    asked = asks(expression, missing="skip")
    facts: dict[str, object] = {
        "metrics": {"auc": 1.0},
        "properties": {"team": "x"},
        "params": {"n": "x"},
    }
    assert outcome(asked, slices=BIG, **facts) == "error"


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("metrics.auc >=", "column 15"),
        ("metrics.auc => 1", "write >= for 'at least'"),
        ("metrics.auc = 1", "write == for 'is'"),
        ("metrics.auc > 0 and true", "write && for 'and'"),
        ("metrics.auc > True", "write true"),
        ("auc > 1", "if it is a metric, write metrics.auc"),
        ("metrics.f1-score > 1", "metrics['f1-score']"),
        ("measured.load.seconds > 1", "measured['load.seconds']"),
        ("metrics.auc > '1'", "texts stand in quotes, and numbers do not"),
        ("true &&\n metrics.auc > '1'", "line 2, column 14"),
        ("metrics.auc", "compare it"),
        ("{'a': 1}.size() > 0", "maps cannot be written"),
        ("(" * 50 + "true" + ")" * 50, "nested too deeply"),
        ("[" * 4000, "nested too deeply"),
        ("'" + "\\'" * 1999, "token recognition error"),
        ("[1].all(a, [a, a].all(b, true))", "constants only"),
        ("slices.all(s, s.matches('a'))", "startsWith"),
        ("slices.all(s, true" + " || s == 'x'" * 30 + ")", "more than 250"),
        ("||".join(["model.matches('a')"] * 5), "more than 4"),
        ("metrics == metrics", "no matching overload"),
    ],
)
def test_a_condition_that_cannot_be_saved_says_where_and_what_to_write(
    expression: str, says: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        asks(expression)
    assert says in str(raised.value)


def test_nothing_that_can_be_saved_runs_away() -> None:
    """The dearest that were found: the bound is far above what they take, and below for ever."""
    long: dict[str, object] = {"params": {"long": "a" * 2000}, "slices": BIG}
    for dear in (
        "||".join(["params.long.matches('(a?){900}b')"] * 4),
        "slices.all(s, " + "params.long.contains('aab') ||" * 7 + " true)",
        "slices.filter(s, slices.filter(t, true).size() > 1).size() > 1",
    ):
        started = time.process_time()
        outcome(asks(dear), **long)
        assert time.process_time() - started < 60


def test_expressions_are_compiled_once() -> None:
    assert expressions.compiled("true") is expressions.compiled("true")


def test_an_expression_needs_the_probes_whose_numbers_it_names() -> None:
    asked = asks("measured['load.seconds'] < 2 && measured['reproduced.auc'] > 0.5")
    assert needs(asked) == {Probe.LOAD, Probe.REPRODUCTION}
    assert needs(asks("metrics.auc > 0.5")) == frozenset()


def test_every_variable_that_can_be_saved_can_be_looked_at() -> None:
    for name in expressions.VARIABLES:
        assert outcome(asks(f"[{name}].size() == 1"), **FULL) == "passed", name
