"""Back-tests as the console shows them, and what they are put together from."""

from datetime import UTC, datetime, timedelta

import pytest

from rollbook.cli.whatif import TRIED, asked, draw, page, shaped
from rollbook.domain.namespace import NamespaceEvent
from rollbook.domain.policies import Policy, PolicyDropped, PolicySaved
from rollbook.domain.rulebook import MetadataSchema, Rules
from rollbook.domain.rules import MetadataSchemaSet, RulesSet
from rollbook.gates.tally import Flip, Incident, Lack, Tally, Verdict

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = Policy.model_validate({"gates": [{"gate": "card", "kind": "card"}]})


def saved(policy: str, version: int = 1) -> PolicySaved:
    document = POLICY.model_dump(mode="json", exclude_defaults=True)
    return PolicySaved(policy=policy, version=version, digest="sha256:1", document=document)


def events(*found: tuple[str, NamespaceEvent]) -> list[tuple[str, datetime, NamespaceEvent]]:
    return [
        (namespace, BEGAN + timedelta(days=number), event)
        for number, (namespace, event) in enumerate(found)
    ]


TALLY = Tally(
    candidates=3,
    verdicts={("passed", "failed"): 2, (None, "passed"): 1},  # type: ignore[arg-type]
    flipped=1,
    flips=[
        Flip(
            "team-a/churn",
            2,
            BEGAN,
            Verdict(rejected=False),
            Verdict(rejected=False, barred=frozenset(("production",))),
            (("auc", "auc is 0.8 [below] 0.9"),),
        )
    ],
    incidents=[
        Incident("roll-back", "team-a/churn", 2, "production", BEGAN, "declines", (("auc", "low"),))
    ],
    lacks=[Lack("team-a/churn", 3, "auc", "metrics.auc")],
)
TALLY.gates.update({("auc", "passed"): 1, ("auc", "failed"): 2})
TALLY.months.update({("2026-03", "failed"): 2, ("2026-03", "passed"): 1})
TALLY.lacking["auc", "metrics.auc"] = 1


def test_a_policy_is_tried_alone_unless_it_would_replace_one() -> None:
    past = events(
        ("rollbook", saved("base", 4)),
        ("team-a", saved("release", 2)),
        ("team-a", saved("old")),
        ("team-a", PolicyDropped(policy="old", reason="r")),
    )
    (alone,) = asked(past, POLICY, "team-a", None, None).policies
    assert (alone.namespace, alone.name) == ("team-a", TRIED)
    beside = asked(past, POLICY, "team-a", "release", None).policies
    assert [(one.name, one.version) for one in beside] == [("base", 4), ("release", 3)]


def test_what_governed_is_known_as_of_each_moment() -> None:
    schema = MetadataSchema(required=("licence",))
    past = events(
        ("team-a", RulesSet(version=1, rules=Rules(default_risk="high"))),
        ("team-a", MetadataSchemaSet(version=1, metadata=schema)),
    )
    what = asked(past, POLICY, "team-a", None, None)
    before, between, after = (
        what.held("team-a", BEGAN + timedelta(days=days)) for days in (-0.5, 0.5, 1.5)
    )
    assert (before.schema, before.risk) == (None, "limited")
    assert (between.schema, between.risk) == (None, "high")
    assert (after.schema, after.risk) == (schema, "high")


def test_a_back_test_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    draw(TALLY, 1.5)
    said = capsys.readouterr().out
    assert "3 candidates judged in 1.5 s (2/s)" in said
    assert "barred from production" in said
    assert "auc is 0.8 [below] 0.9" in said, "what others wrote is no markup"
    assert "it would have stopped 1" in said
    assert "█" in said
    assert "team-a/churn@3" in said
    draw(Tally(unruled=2), 0.1)
    assert "2 more are not looked at by any gate" in capsys.readouterr().out


def test_a_back_test_is_a_page_and_a_document() -> None:
    assert "team-a/churn@2" in page(TALLY, 1.5)
    found = shaped(TALLY, 1.5)
    assert found["flips"][0]["now"] == {"said": "barred", "barred": ["production"]}
    assert found["incidents"][0]["stopped"] == [{"gate": "auc", "reason": "low"}]
    assert found["lacking"] == [{"gate": "auc", "lacks": "metrics.auc", "candidates": 1}]
