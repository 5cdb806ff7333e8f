"""Back-tests: what flips, what would have been stopped, what is lacking, and what never flips."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain import validation
from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.environments import GlassBroken, VersionPromoted, VersionRolledBack
from rollbook.domain.lineage import Artifact
from rollbook.domain.messages import Unchanged
from rollbook.domain.model import ModelEvent
from rollbook.domain.policies import Policy
from rollbook.domain.validation import GateResult, RecordValidation, VersionValidated
from rollbook.domain.versions import VersionRegistered
from rollbook.gates.backtest import Backtest, WhatIf
from rollbook.gates.judging import judge
from rollbook.gates.past import Past
from rollbook.gates.ruling import Standing, ruling
from rollbook.gates.tally import Tally, Verdict

KEY = "team-a/churn"
BEGAN = datetime(2026, 1, 31, tzinfo=UTC)
AUC = {"gate": "auc", "kind": "metric", "metric": "auc", "least": 0.9}


def policy(*gates: dict[str, Any]) -> Policy:
    return Policy.model_validate({"gates": gates})


def standing(tried: Policy) -> tuple[Standing, ...]:
    return (Standing("team-a", "tried", 1, tried),)


def registered(number: int, **metrics: float) -> VersionRegistered:
    artifact = Artifact(uri=f"s3://m/{number}", digest=f"sha256:{number:064x}")
    return VersionRegistered(
        version=number, registered_by="ada", artifact=artifact, metrics=metrics
    )


def passed(number: int, **measured: float) -> VersionValidated:
    return VersionValidated(
        version=number,
        gates=(GateResult(gate="then", outcome="passed", measured=measured),),
        digest="sha256:1",
    )


def tallied(tried: Policy, *events: ModelEvent, since: datetime | None = None) -> Tally:
    backtest = Backtest(WhatIf(standing(tried), since))
    for number, event in enumerate((ModelRegistered(), *events)):
        backtest.take(KEY, BEGAN + timedelta(hours=number), event)
    return backtest.tally()


def test_a_verdict_that_would_have_been_another_is_a_flip() -> None:
    found = tallied(
        policy(AUC), registered(1, auc=0.95), passed(1), registered(2, auc=0.8), passed(2)
    )
    assert found.candidates == 2
    assert found.verdicts == {("passed", "passed"): 1, ("passed", "failed"): 1}
    (flip,) = found.flips
    assert (flip.model, flip.version, [gate for gate, _ in flip.because]) == (KEY, 2, ["auc"])
    assert found.gates == {("auc", "passed"): 1, ("auc", "failed"): 1}


def test_a_version_without_a_verdict_is_judged_as_it_was_registered() -> None:
    found = tallied(policy(AUC), registered(1, auc=0.8))
    assert found.verdicts == {(None, "failed"): 1}
    assert not found.flips


def test_what_was_measured_then_is_not_measured_again() -> None:
    speed = {"gate": "speed", "kind": "performance", "p95": 10.0}
    fast, slow = {"performance.p95": 5.0}, {"performance.p95": 50.0}
    found = tallied(
        policy(speed),
        registered(1),
        passed(1, **fast),
        registered(2),
        passed(2, **slow),
        registered(3),
    )
    assert found.verdicts == {
        ("passed", "passed"): 1,
        ("passed", "failed"): 1,
        (None, "failed"): 1,
    }
    assert [(lack.version, lack.gate) for lack in found.lacks] == [(3, "speed")]


def test_an_incident_names_the_gates_that_would_have_stopped_it() -> None:
    found = tallied(
        policy(AUC),
        registered(1, auc=0.95),
        registered(2, auc=0.8),
        VersionPromoted(version=1, environment="production"),
        VersionPromoted(version=2, environment="production", replaced=1),
        VersionRolledBack(version=2, environment="production", restored=1, reason="declines"),
        GlassBroken(
            version=1, environment="staging", reason="in a hurry", number=1, broken_by="hedy"
        ),
    )
    bad, hasty = found.incidents
    assert (bad.kind, bad.version, bad.reason) == ("roll-back", 2, "declines")
    assert [gate for gate, _ in bad.stopped] == ["auc"]
    assert (hasty.kind, hasty.environment, hasty.stopped) == ("broken glass", "staging", ())


def test_a_gate_of_one_environment_stops_nothing_elsewhere() -> None:
    found = tallied(
        policy({**AUC, "environments": ["production"]}),
        registered(1, auc=0.8),
        passed(1),
        VersionPromoted(version=1, environment="staging"),
        GlassBroken(version=1, environment="staging", reason="r", number=1, broken_by="hedy"),
        GlassBroken(version=1, environment="production", reason="r", number=2, broken_by="hedy"),
    )
    (flip,) = found.flips
    assert flip.now == Verdict(rejected=False, barred=frozenset(("production",)))
    assert [bool(one.stopped) for one in found.incidents] == [False, True]


def test_the_champion_is_the_one_of_that_time() -> None:
    beside = {
        "gate": "no-worse",
        "kind": "metric",
        "metric": "auc",
        "champion": "production",
        "ratio": 1.0,
    }
    found = tallied(
        policy(beside),
        registered(1, auc=0.8),
        VersionPromoted(version=1, environment="production"),
        registered(2, auc=0.9),
        passed(2),
        VersionPromoted(version=2, environment="production", replaced=1),
        registered(3, auc=0.85),
        passed(3),
    )
    assert [flip.version for flip in found.flips] == [3]


def test_what_came_before_a_moment_is_folded_and_not_judged() -> None:
    found = tallied(
        policy(AUC),
        registered(1, auc=0.8),
        passed(1),
        registered(2, auc=0.8),
        passed(2),
        since=BEGAN + timedelta(hours=3),
    )
    assert [flip.version for flip in found.flips] == [2]
    assert found.candidates == 1


def test_tallies_of_parts_add_up() -> None:
    parts = [tallied(policy(AUC), registered(1, auc=auc), passed(1)) for auc in (0.8, 0.95)]
    both = Tally()
    for part in parts:
        both += part
    assert both.candidates == 2
    assert dict(both.outcomes()) == {"auc": {"failed": 1, "passed": 1}}
    assert both.months == {("2026-01", "failed"): 1, ("2026-01", "passed"): 1}


GATES: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.sampled_from(
        (
            AUC,
            {**AUC, "gate": "bound", "environments": ["production"], "least": 0.5},
            {"gate": "lenient", "kind": "metric", "metric": "f1", "least": 0.5, "missing": "skip"},
            {"gate": "speed", "kind": "performance", "p95": 10.0},
            {"gate": "soft", "kind": "performance", "p95": 10.0, "missing": "skip"},
            {"gate": "cel", "kind": "expression", "expression": "metrics.auc > 0.7"},
            {"gate": "jump", "kind": "anomaly", "metric": "auc"},
            {
                "gate": "beside",
                "kind": "metric",
                "metric": "auc",
                "champion": "production",
                "ratio": 0.9,
            },
        )
    ),
    min_size=1,
    unique_by=lambda gate: str(gate["gate"]),
)
VERSIONS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(("auc", "f1")), st.floats(0, 1)),
        st.one_of(st.sampled_from((None, "it broke down")), st.floats(1, 20)),
        st.booleans(),
    ),
    max_size=8,
)


@given(GATES, VERSIONS)
def test_the_policy_that_gave_the_verdicts_flips_none(
    gates: list[dict[str, Any]], versions: list[tuple[dict[str, float], float | str | None, bool]]
) -> None:
    tried = policy(*gates)
    found = tallied(tried, *_validated(tried, versions))
    assert found.flips == []
    assert all(then == now for then, now in found.verdicts)


def _validated(
    tried: Policy, versions: list[tuple[dict[str, float], float | str | None, bool]]
) -> list[ModelEvent]:
    """The stream of a model whose versions are validated by the policy, and promoted perhaps."""
    past, events = Past(KEY), []

    def happens(event: ModelEvent) -> None:
        past.take(event)
        events.append(event)

    past.take(ModelRegistered())
    for number, (metrics, p95, promoted) in enumerate(versions, 1):
        happens(registered(number, **metrics))
        measured = {"performance.p95": p95} if isinstance(p95, float) else {}
        said = {"performance": p95} if isinstance(p95, str) else {}
        facts = replace(past.facts(number, None, "limited"), measured=measured, said=said)
        rules = ruling(standing(tried), "team-a", "churn", "limited")
        decided = validation.decide(
            past.state,
            RecordValidation(
                version=number,
                gates=tuple(judge(gate, facts) for gate in rules.gates),
                bound=dict(rules.bound),
            ),
        )
        assert not isinstance(decided, Unchanged)
        happens(decided)
        if promoted:
            happens(VersionPromoted(version=number, environment="production"))
    return events
