"""What would come of a command, by the very functions that decide: nothing is done. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_core import from_json

from rollbook.domain.access import Principal
from rollbook.domain.context import Context
from rollbook.domain.environments import BreakGlass, PromoteVersion, VersionRolledBack
from rollbook.domain.evidence import evidence_of
from rollbook.domain.guards import as_of_today, objections, open_request, quorum_for, rule_for
from rollbook.domain.hearing import hear
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.names import matches
from rollbook.domain.policies import Policy
from rollbook.domain.requests import ApprovePromotion, RequestPromotion
from rollbook.domain.rollouts import StartRollout
from rollbook.domain.state import Model
from rollbook.domain.streams import State, StreamCommand, StreamEvent
from rollbook.domain.tenancy import Namespace
from rollbook.domain.validation import StartValidation
from rollbook.domain.versions import RegisterVersion
from rollbook.eventlog.position import Position
from rollbook.eventlog.records import encode_value


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Hindrance(_Shown):
    """Why a version may not serve there, beside missing signatures."""

    code: str
    message: str


class Asked(_Shown):
    """A gate that is asked about the version."""

    policy: str
    """Its name and version, such as `release@3`."""
    gate: str
    kind: str
    environments: list[str]
    """Who fails it may not serve there; nothing: the version is rejected as a whole."""
    bars: bool
    """Whether the last verdict keeps the version out of the environment for it."""


class Way(_Shown):
    """A version's way into an environment, as it stands."""

    version: int
    environment: str
    serving: int | None
    """What stands there now."""
    hindrances: list[Hindrance]
    request: int | None
    """The open request, if there is one."""
    quorum: dict[str, int]
    """How many signatures are asked for in the name of each title."""
    missing: dict[str, int]
    """Those that are not there yet, or were given on other facts."""
    rules: int
    """The version of the namespace's rules that says so."""


class Plan(_Shown):
    """What would come of the command if it were sent now."""

    outcome: Literal["accepted", "confirmed", "refused"]
    """`confirmed`: the wish is true already, and nothing would change."""
    type: str | None = None
    """Of the event that would be appended."""
    event: dict[str, JsonValue] | None = None
    """What it would say."""
    version: int | None = None
    """The version that it is about; of a roll-back, the one that would serve again."""
    code: str | None = None
    """Of the refusal."""
    message: str | None = None
    """Why it would be refused, in words."""
    position: str | None = None
    """Of the newest record of the stream that it rests on; null: there is none."""
    seq: int | None = None
    """How far the stream has come: as `If-Match` of the command itself, only what was planned is
    done. Null for who may not send the command."""
    way: Way | None = None
    """Of commands about a promotion."""
    gates: list[Asked] = []
    """Those of the policies in force, of commands that bring a version before them."""


class Now(NamedTuple):
    """All that deciding rests on, at one moment."""

    key: str
    state: State
    seq: int
    position: Position | None
    own: Namespace
    registry: Namespace
    policies: tuple[tuple[str, Policy], ...] = ()
    """Those in force there, each with its name and version."""


def plan(
    principal: Principal,
    command: StreamCommand,
    expected_seq: int | None,
    now: Now,
    time: datetime,
) -> Plan:
    """What would come of the command at that time."""
    place: dict[str, Any] = {"seq": now.seq, "position": now.position and str(now.position)}
    try:
        decided = hear(
            principal,
            command,
            key=now.key,
            state=now.state,
            seq=now.seq,
            expected_seq=expected_seq,
            governing=(now.own, now.registry),
            now=time,
        )
    except Refused as refused:
        said: dict[str, Any] = {"code": refused.code, "message": refused.message}
        if refused.code == "forbidden":  # who may do nothing here is told nothing of it
            return Plan(outcome="refused", **said)
        return Plan(outcome="refused", **said, **place, **_before(command, now, time))
    return Plan(**_outcome(decided), **place, **_before(command, now, time))


def _outcome(decided: StreamEvent | Unchanged) -> dict[str, Any]:
    if isinstance(decided, Unchanged):
        return {"outcome": "confirmed", "version": decided.version}
    field = "restored" if isinstance(decided, VersionRolledBack) else "version"
    version = getattr(decided, field, None)
    return {
        "outcome": "accepted",
        "type": type(decided).__name__,
        "event": from_json(encode_value(decided)),
        "version": version,
    }


def _before(command: StreamCommand, now: Now, time: datetime) -> dict[str, Any]:
    """What stands before the command: people who must sign, and gates."""
    if not isinstance(now.state, Model):
        return {}
    if isinstance(command, RegisterVersion | StartValidation):
        return {"gates": list(_gates(now, now.state, (), None))}
    place = _place(command, now.state)
    if place is None:
        return {}
    number, environment = place
    context = Context(time, "", now.own, now.key.rpartition("/")[2])
    try:
        way = _way(now.state, number, environment, context)
    except Refused:  # there is no such version or environment: the outcome says so
        return {}
    barred = now.state.versions[number].review.barred.get(environment, ())
    return {"way": way, "gates": list(_gates(now, now.state, barred, environment))}


def _place(command: StreamCommand, state: Model) -> tuple[int, str] | None:
    """The version and the environment that a command wants to bring together."""
    match command:
        case PromoteVersion() | RequestPromotion() | StartRollout() | BreakGlass():
            return command.version, command.environment
        case ApprovePromotion(request=number) if number in state.requests:
            request = state.requests[number]
            return request.version, request.environment
    return None


def _way(state: Model, number: int, environment: str, context: Context) -> Way:
    found = objections(state, number, environment, context)
    quorum = quorum_for(state, rule_for(environment, context), context)
    missing, place = quorum, None
    if (asked := open_request(state, number, environment)) is not None:
        place, request = asked
        today = as_of_today(state, request, context)
        quorum = dict(today.quorum)
        missing = today.missing(evidence_of(state, number, environment))
    return Way(
        version=number,
        environment=environment,
        serving=state.serving(environment),
        hindrances=[Hindrance(code=one.code, message=one.message) for one in found],
        request=place,
        quorum=quorum,
        missing=missing,
        rules=context.namespace.rules_version,
    )


def _gates(
    now: Now, state: Model, barred: Iterable[str], environment: str | None
) -> Iterator[Asked]:
    """The gates in force for the model; with an environment, those that count there."""
    name = now.key.rpartition("/")[2]
    risk = state.risk or now.own.rules.default_risk
    for called, policy in now.policies:
        if policy.risks and risk not in policy.risks:
            continue
        if not any(matches(name, models) for models in policy.models):
            continue
        for gate in policy.gates:
            counts = (
                environment is None or not gate.environments or environment in gate.environments
            )
            if counts and (not gate.risks or risk in gate.risks):
                yield Asked(
                    policy=called,
                    gate=gate.gate,
                    kind=gate.kind,
                    environments=list(gate.environments),
                    bars=gate.gate in barred,
                )
