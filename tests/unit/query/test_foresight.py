"""A plan says what then happens: the law, and what it tells of a promotion beside that."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic_core import from_json

from rollbook.command.handlers import Handlers
from rollbook.domain.access import Principal
from rollbook.domain.cards import Card, WriteCard
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.lineage import Artifact
from rollbook.domain.messages import Unchanged
from rollbook.domain.policies import Policy
from rollbook.domain.requests import ApprovePromotion, RequestPromotion
from rollbook.domain.rulebook import EnvironmentRule, Rules
from rollbook.domain.state import Model
from rollbook.domain.streams import StreamCommand, evolve
from rollbook.domain.tenancy import Grant, Namespace, Role
from rollbook.domain.validation import GateResult, RecordValidation
from rollbook.domain.versions import RegisterVersion, VersionRegistered
from rollbook.eventlog.commands import encode_command
from rollbook.eventlog.draft import Draft
from rollbook.eventlog.envelope import CommandEnvelope
from rollbook.eventlog.governance import Governance
from rollbook.eventlog.partition import Partition, Stream
from rollbook.eventlog.position import Position
from rollbook.query.foresight import Now, Plan, plan
from tests.contracts.examples import Example
from tests.contracts.governed import GRACE
from tests.contracts.scenario import STEPS, envelope, time_of
from tests.unit.domain.examples import REGISTERED, V1, V2

TIME = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BOSS = Principal("boss", everything=True)


class Strict(Handlers):
    """Believes who somebody is, and lets them do what they were granted."""

    def principal(self, envelope: CommandEnvelope, now: datetime) -> Principal:
        return Principal(envelope.actor or "", everything=envelope.actor == GRACE)


class Desk:
    """Does what the command service does, one command after the other."""

    def __init__(self, kind: type[Handlers]) -> None:
        self.governance = Governance()
        self.handlers = kind(governance=self.governance)
        self.partition = Partition(0)
        self.partition.claimed(-1)

    def planned(self, wish: CommandEnvelope, time: datetime) -> Plan:
        stream = self.partition.stream(wish.model)
        own, registry = self.governance.both(wish.model)
        place = Position(0, self.partition.next_offset)
        now = Now(wish.model, stream.state, stream.seq, place, own, registry)
        who = self.handlers.principal(wish, time)
        return plan(who, wish.command, wish.expected_seq, now, time)

    def done(self, wish: CommandEnvelope, number: int, time: datetime) -> tuple[str, Any]:
        key, value, headers = encode_command(wish)
        draft = Draft(self.partition, self.handlers, partitions=1, now=time)
        draft.add([Example("commands", number, 0, key, tuple(headers), value)])
        (made,) = draft.outcomes
        self.partition.merge(draft)
        for namespace, state in self.partition.namespaces().items():
            self.governance.apply(namespace, state, number)
        return dict(made.headers)["ce_type"].decode(), from_json(made.value or b"")


@pytest.mark.parametrize("kind", [Handlers, Strict])
def test_what_is_planned_is_what_then_happens(kind: type[Handlers]) -> None:
    desk = Desk(kind)
    told = set()
    for number in range(len(STEPS)):
        wish, time = envelope(number), time_of(number)
        planned = desk.planned(wish, time)
        happened, data = desk.done(wish, number, time)
        match happened:
            case "CommandRepeated":  # its plan is that of the wish, not of the first answer
                continue
            case "CommandRefused":
                assert planned.outcome == "refused", STEPS[number]
                assert (planned.code, planned.message) == (data["code"], data["message"])
            case "CommandConfirmed":
                assert planned.outcome == "confirmed", STEPS[number]
                assert planned.version == data.get("version")
            case _:
                assert planned.outcome == "accepted", (STEPS[number], planned)
                assert (planned.type, planned.event) == (happened, data)
        told.add(planned.outcome)
    assert told >= {"accepted", "refused"}


# What is told of a promotion

RULES = Rules(
    environments=(
        EnvironmentRule(name="staging"),
        EnvironmentRule(
            name="production",
            protected=True,
            card=("summary",),
            approvals={"limited": {"ml-ops": 1, "product": 1}},
        ),
    )
)
POLICY = Policy.model_validate(
    {
        "models": ["churn*"],
        "gates": [
            {"gate": "auc", "kind": "expression", "expression": "metrics.auc > 0.9"},
            {
                "gate": "small",
                "kind": "artifact",
                "most": 100,
                "environments": ["production"],
            },
            {"gate": "edge", "kind": "artifact", "most": 1, "environments": ["edge"]},
            {"gate": "strict", "kind": "card", "risks": ["high"]},
        ],
    }
)
OTHERS = Policy.model_validate({"models": ["fraud*"], "gates": [{"gate": "c", "kind": "card"}]})


def now(*commands: StreamCommand, own: Namespace | None = None) -> Now:
    """A model with two versions, after some more commands of different people."""
    stream = Stream(Model(), 0)
    for event in (REGISTERED, V1, V2):
        stream = Stream(evolve(stream.state, event), stream.seq + 1)
    made = Now(
        "shop/churn",
        stream.state,
        stream.seq,
        Position(3, 40),
        own or Namespace(rules=RULES, rules_version=2),
        Namespace(),
        (("release@3", POLICY), ("others@1", OTHERS)),
    )
    decider = Handlers(governance=Governance())
    decider.governance.apply("shop", made.own, 1)
    for number, command in enumerate(commands):
        who = Principal(f"somebody-{number}", everything=True)
        envelope_ = CommandEnvelope("0", made.key, command, "/test", actor=who.subject)
        done = decider.decide(Stream(made.state, made.seq), envelope_, who, TIME)
        assert not isinstance(done, Unchanged)
        made = made._replace(state=evolve(made.state, done), seq=made.seq + 1)
    return made


def planned(command: StreamCommand, at: Now, who: Principal = BOSS) -> Plan:
    return plan(who, command, None, at, TIME)


def test_a_promotion_says_what_stands_in_its_way_and_who_must_sign() -> None:
    found = planned(PromoteVersion(version=1), now())
    assert (found.outcome, found.code) == ("refused", "no_card")
    assert found.way is not None
    assert [one.code for one in found.way.hindrances] == ["no_card"]
    assert found.way.missing == {"ml-ops": 1, "product": 1}
    assert (found.way.request, found.way.rules) == (None, 2)
    assert (found.position, found.seq) == ("3:40", 3)


def test_signatures_that_were_given_are_missing_no_more() -> None:
    asked = now(
        WriteCard(version=1, card=Card(summary="Who leaves.")),
        RequestPromotion(version=1, reason="better"),
        ApprovePromotion(request=1, title="product"),
    )
    found = planned(PromoteVersion(version=1), asked)
    assert (found.outcome, found.code) == ("refused", "needs_approval")
    assert found.way is not None
    assert (found.way.request, found.way.missing) == (1, {"ml-ops": 1})
    last = planned(ApprovePromotion(request=1, title="ml-ops"), asked)
    assert last.type == "PromotionApproved"
    assert last.event is not None
    assert last.event["missing"] == {}


def test_the_gates_that_count_there_are_named_and_those_that_bar() -> None:
    failed = now(
        RecordValidation(
            version=1,
            gates=(
                GateResult(gate="auc", outcome="passed"),
                GateResult(gate="small", outcome="failed", reason="200 bytes"),
            ),
            bound={"small": ("production",)},
        )
    )
    found = planned(PromoteVersion(version=1), failed)
    assert [(g.policy, g.gate, g.bars) for g in found.gates] == [
        ("release@3", "auc", False),
        ("release@3", "small", True),
    ]
    assert found.code == "barred"
    free = planned(PromoteVersion(version=1, environment="staging"), failed)
    assert [(g.gate, g.bars) for g in free.gates] == [("auc", False)]
    assert free.outcome == "accepted"


def test_a_registration_names_all_gates_that_will_look_at_it() -> None:
    digest = "sha256:" + "7" * 64
    found = planned(RegisterVersion(artifact=Artifact(uri="s3://m/3", digest=digest)), now())
    assert (found.type, found.version, found.way) == (VersionRegistered.__name__, 3, None)
    assert [g.gate for g in found.gates] == ["auc", "small", "edge"]


def test_who_may_not_send_it_is_told_nothing_of_the_model() -> None:
    found = planned(PromoteVersion(version=1), now(), Principal("eve"))
    assert (found.outcome, found.code) == ("refused", "forbidden")
    assert (found.position, found.seq, found.way, found.gates) == (None, None, None, [])


def test_who_may_is_found_by_their_grants() -> None:
    own = Namespace(rules=Rules())
    own = own._replace(grants=own.grants.set(1, Grant("hedy", Role.RELEASER)), granted=1)
    found = planned(PromoteVersion(version=1), now(own=own), Principal("hedy"))
    assert found.type == "VersionPromoted"


def test_what_does_not_exist_is_refused_as_the_command_would_be() -> None:
    found = planned(PromoteVersion(version=9), now())
    assert (found.code, found.way) == ("unknown_version", None)
    found = planned(PromoteVersion(version=1, environment="moon"), now())
    assert (found.code, found.way) == ("unknown_environment", None)
