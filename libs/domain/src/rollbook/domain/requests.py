"""Requests to promote: asked for by one, signed by others, kept with what they had seen."""

from datetime import datetime
from typing import Annotated, Final, TypeAlias

from pydantic import Field

from rollbook.domain.context import Context
from rollbook.domain.evidence import evidence_of
from rollbook.domain.guards import as_of_today, open_request, quorum_for, rule_for
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.names import NO_NUL, Digest, EnvironmentName, Reason, Text, Title
from rollbook.domain.rulebook import Quorum
from rollbook.domain.state import Approval, Model, Request
from rollbook.domain.tags import Number

ANYBODY = "approver"
"""The title under which every approver may sign."""

OPEN: Final = 100
"""How many requests a model may have open."""

SIGNATURES: Final = 100
"""How many people may sign a request."""

# Events


class PromotionRequested(Event):
    """Somebody asks that a version may serve in an environment."""

    request: int
    """Counts the model's requests from 1."""
    version: int
    environment: str
    replaces: int | None = None
    """What served there at that moment."""
    requested_by: str
    reason: str
    rollback_plan: str
    risk: str
    quorum: dict[str, int]
    """How many signatures are asked for in the name of each title."""
    expires_at: datetime
    escalates_at: datetime | None = None
    evidence: str
    """Digest of the facts at that moment."""
    rules: int = 0


class PromotionApproved(Event):
    """Somebody signed; when `missing` is empty, the version may be promoted."""

    request: int
    version: int
    environment: str
    approved_by: str
    title: str
    """In whose name they signed."""
    evidence: str
    """Digest of the facts that they signed on."""
    comment: str = ""
    missing: dict[str, int] = Field(default_factory=dict)
    """Title -> signatures still asked for."""
    rules: int = 0


class PromotionRejected(Event):
    """Somebody who could have signed said no: the request is closed."""

    request: int
    version: int
    environment: str
    rejected_by: str
    evidence: str
    reason: str
    rules: int = 0


class PromotionCommented(Event):
    """Somebody said something about the request."""

    request: int
    comment: str


class PromotionWithdrawn(Event):
    """The request was taken back."""

    request: int
    version: int
    environment: str
    reason: str


class PromotionEscalated(Event):
    """Nobody decided in time: somebody higher must look at it."""

    request: int
    version: int
    environment: str
    to: str


class PromotionExpired(Event):
    """The request was not granted in time and is closed."""

    request: int
    version: int
    environment: str
    expires_at: datetime


RequestEvent: TypeAlias = (
    PromotionRequested
    | PromotionApproved
    | PromotionRejected
    | PromotionCommented
    | PromotionWithdrawn
    | PromotionEscalated
    | PromotionExpired
)


def evolve(state: Model, event: RequestEvent) -> Model:
    """The state after `event`."""
    match event:
        case PromotionRequested(request=number):
            request = Request(
                version=event.version,
                environment=event.environment,
                requested_by=event.requested_by,
                quorum=tuple(event.quorum.items()),
                expires_at=event.expires_at,
                escalates_at=event.escalates_at,
            )
            return state._replace(requests=state.requests.set(number, request), requested=number)
        case PromotionApproved(request=number):
            request = state.requests[number]
            given = Approval(event.approved_by, event.title, event.evidence)
            others = request.without(given.by)
            request = others._replace(approvals=(*others.approvals, given))
            return state._replace(requests=state.requests.set(number, request))
        case PromotionEscalated(request=number):
            request = state.requests[number]._replace(escalated=True)
            return state._replace(requests=state.requests.set(number, request))
        case PromotionRejected() | PromotionWithdrawn() | PromotionExpired():
            return state._replace(requests=state.requests.delete(event.request))
        case PromotionCommented():
            return state


# Commands


class RequestPromotion(Command):
    """Ask that a version may serve in an environment; the rules say who must sign."""

    version: Number
    environment: EnvironmentName = "production"
    reason: Reason
    rollback_plan: Text = ""
    reviewers: Quorum = Field(default_factory=dict)
    """Signatures asked for beside those that the rules ask for."""


class ApprovePromotion(Command):
    """Sign a request, in the name of a title that you hold."""

    request: Number
    title: Title | None = None
    """In whose name; if not given, one that you hold and that is still missing."""
    evidence: Digest | None = None
    """What you have seen; refused when the facts are others by now."""
    comment: Annotated[str, Field(max_length=10_000, pattern=NO_NUL)] = ""


class RejectPromotion(Command):
    """Say no to a request; that closes it."""

    request: Number
    reason: Reason
    evidence: Digest | None = None


class CommentOnPromotion(Command):
    """Say something about a request."""

    request: Number
    comment: Reason


class WithdrawPromotion(Command):
    """Take a request back."""

    request: Number
    reason: Reason


class EscalatePromotion(Command):
    """Put a request before somebody higher; refused before the time that the rules give."""

    request: Number


class ExpirePromotion(Command):
    """Close a request whose time is over; refused before that."""

    request: Number


RequestCommand: TypeAlias = (
    RequestPromotion
    | ApprovePromotion
    | RejectPromotion
    | CommentOnPromotion
    | WithdrawPromotion
    | EscalatePromotion
    | ExpirePromotion
)


def decide(state: Model, command: RequestCommand, context: Context) -> RequestEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case RequestPromotion():
            return _request(state, command, context)
        case ApprovePromotion():
            return _approve(state, command, context)
        case RejectPromotion():
            return _reject(state, command, context)
        case CommentOnPromotion(request=number, comment=comment):
            _open(state, number)
            return PromotionCommented(request=number, comment=comment)
        case WithdrawPromotion(request=number, reason=reason):
            request = _open(state, number)
            return PromotionWithdrawn(
                request=number,
                version=request.version,
                environment=request.environment,
                reason=reason,
            )
        case EscalatePromotion(request=number):
            return _escalate(state, number, context)
        case ExpirePromotion(request=number):
            return _expire(state, number, context)


def _open(state: Model, number: int) -> Request:
    """An open request, of a retired model as well: it can be closed, but not signed."""
    state.known()
    found = state.requests.get(number)
    if found is None:
        if number <= state.requested:
            raise Refused("closed", f"request {number} is closed")
        raise Refused("unknown_request", f"there is no request {number}")
    return found


def _request(
    state: Model, command: RequestPromotion, context: Context
) -> PromotionRequested | Unchanged:
    number, environment = command.version, command.environment
    state.usable(number)
    rule = rule_for(environment, context)
    if state.serving(environment) == number:
        return Unchanged(version=number)
    if (found := open_request(state, number, environment)) is not None:
        if found[1].expires_at > context.time:
            return Unchanged(version=number)
        raise Refused("expired", f"request {found[0]} has expired: close it first")
    if len(state.requests) >= OPEN:
        raise Refused("too_many", f"the model has {OPEN} open requests: close some first")
    rules = context.namespace.rules
    quorum = dict(quorum_for(state, rule, context))
    for title, count in command.reviewers.items():
        quorum[title] = max(count, quorum.get(title, 0))
    expires, escalates = rules.request_expires, rules.request_escalates
    return PromotionRequested(
        request=state.requested + 1,
        version=number,
        environment=environment,
        replaces=state.serving(environment),
        requested_by=context.actor,
        reason=command.reason,
        rollback_plan=command.rollback_plan,
        risk=state.risk or rules.default_risk,
        quorum=quorum,
        expires_at=context.time + expires,
        escalates_at=context.time + escalates if quorum and escalates < expires else None,
        evidence=evidence_of(state, number, environment),
        rules=context.namespace.rules_version,
    )


def _seen(state: Model, request: Request, said: str | None) -> str:
    """The evidence of now; refuses when the caller has seen another."""
    now = evidence_of(state, request.version, request.environment)
    if said is not None and said != now:
        raise Refused("evidence_changed", "the facts have changed since: look at them again")
    return now


def _approve(
    state: Model, command: ApprovePromotion, context: Context
) -> PromotionApproved | Unchanged:
    request = _open(state, command.request)
    if request.expires_at <= context.time:
        raise Refused("expired", f"request {command.request} has expired")
    state.usable(request.version)
    evidence = _seen(state, request, command.evidence)
    _refuse_own_work(state, request, context.actor)
    for given in request.approvals:
        if (given.by, given.evidence) == (context.actor, evidence) and command.title in (
            None,
            given.title,
        ):
            return Unchanged(version=request.version)
    others = request.without(context.actor)  # nobody counts twice, under whatever title
    if len(others.approvals) >= SIGNATURES:
        raise Refused("too_many", f"request {command.request} has {SIGNATURES} signatures")
    missing = as_of_today(state, others, context).missing(evidence)
    title = title_for(command.title, missing, context)
    left = missing | {title: missing[title] - 1} if title in missing else missing
    return PromotionApproved(
        request=command.request,
        version=request.version,
        environment=request.environment,
        approved_by=context.actor,
        title=title,
        evidence=evidence,
        comment=command.comment,
        missing={name: count for name, count in left.items() if count > 0},
        rules=context.namespace.rules_version,
    )


def _refuse_own_work(state: Model, request: Request, actor: str) -> None:
    if actor == request.requested_by:
        raise Refused("own_work", "who asks for a promotion cannot sign it")
    if actor == state.versions[request.version].registered_by:
        raise Refused("own_work", "nobody signs for a version that they have registered")


def title_for(wanted: str | None, missing: dict[str, int], context: Context) -> str:
    """The title to sign under: the one named, or one that is held and missing."""
    held = context.titles
    if wanted is None:
        for title in missing:
            if held is None or title == ANYBODY or title in held:
                return title
        wanted = next(iter(missing), ANYBODY)
    if held is not None and wanted != ANYBODY and wanted not in held:
        have = ", ".join(sorted(held)) or "no title"
        raise Refused("wrong_title", f"you cannot sign as {wanted}: you hold {have}")
    return wanted


def _reject(state: Model, command: RejectPromotion, context: Context) -> PromotionRejected:
    request = _open(state, command.request)
    return PromotionRejected(
        request=command.request,
        version=request.version,
        environment=request.environment,
        rejected_by=context.actor,
        evidence=_seen(state, request, command.evidence),
        reason=command.reason,
        rules=context.namespace.rules_version,
    )


def _escalate(state: Model, number: int, context: Context) -> PromotionEscalated | Unchanged:
    request = _open(state, number)
    if request.escalated:
        return Unchanged(version=request.version)
    due = request.escalates_at
    if due is None or context.time < due:
        when = due.isoformat() if due else "never"
        raise Refused("not_due", f"request {number} escalates {when}")
    return PromotionEscalated(
        request=number,
        version=request.version,
        environment=request.environment,
        to=context.namespace.rules.escalate_to,
    )


def _expire(state: Model, number: int, context: Context) -> PromotionExpired | Unchanged:
    if number <= state.requested and number not in state.requests:
        return Unchanged()  # closed, by whatever it was
    request = _open(state, number)
    if context.time < request.expires_at:
        raise Refused("not_due", f"request {number} expires {request.expires_at.isoformat()}")
    return PromotionExpired(
        request=number,
        version=request.version,
        environment=request.environment,
        expires_at=request.expires_at,
    )
