"""Who may do what: one table for commands, one for reads, and the check that reads them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from rollbook.domain import (
    alarms,
    aliases,
    cards,
    catalog,
    collection,
    deletions,
    endpoints,
    environments,
    erasure,
    evaluations,
    grants,
    holds,
    policies,
    profiles,
    queries,
    requests,
    retention,
    retraining,
    rollouts,
    rules,
    signatures,
    validation,
    versions,
)
from rollbook.domain.messages import Message, Refused
from rollbook.domain.names import matches
from rollbook.domain.state import Model, Request
from rollbook.domain.streams import State
from rollbook.domain.tenancy import Grant, Namespace, Role

V, P, X, A, R, O, U, D = (  # noqa: E741  # one letter a role keeps the table a table
    Role.VIEWER,
    Role.PUBLISHER,
    Role.VALIDATOR,
    Role.APPROVER,
    Role.RELEASER,
    Role.OPERATOR,
    Role.AUDITOR,
    Role.ADMIN,
)

_TABLE: Final[dict[type[Message], tuple[Role, ...]]] = {
    catalog.RegisterModel: (P, D),
    catalog.DescribeModel: (P, D),
    catalog.TagModel: (P, D),
    catalog.UntagModel: (P, D),
    catalog.AssignOwner: (P, D),
    catalog.ClassifyModel: (A, D),
    catalog.RetireModel: (R, D),
    catalog.RestoreModel: (R, D),
    versions.RegisterVersion: (P,),
    versions.DescribeVersion: (P,),
    versions.TagVersion: (P, R),
    versions.UntagVersion: (P, R),
    versions.SetProperties: (P,),
    versions.LinkDocument: (P, A),
    versions.ArchiveVersion: (P, R, D),
    versions.RestoreVersion: (P, R, D),
    evaluations.RecordEvaluation: (P, X, O),
    cards.WriteCard: (P,),
    cards.ReviewCard: (P, A),
    cards.MarkCardStale: (X, O, D),
    signatures.AttachSignature: (P, X, A),
    profiles.RecordProfile: (P, X),
    alarms.DetectDrift: (X, O),
    alarms.ClearDrift: (X, O, D),
    alarms.AcknowledgeDrift: (P, X, A, R, O, D),
    holds.HoldVersion: (A, D),
    holds.ReleaseVersion: (A, D),
    validation.StartValidation: (X,),
    validation.RecordValidation: (X,),
    aliases.SetAlias: (P, R),
    aliases.RemoveAlias: (P, R),
    environments.PromoteVersion: (R,),
    environments.RollBackVersion: (R, O),
    environments.ClearEnvironment: (R, O),
    environments.RehearseRollback: (R, O),
    environments.BreakGlass: (O, D),
    environments.ReviewBreakGlass: (A, U, D),
    rollouts.StartRollout: (R,),
    rollouts.AdvanceRollout: (O,),
    rollouts.PauseRollout: (R, O),
    rollouts.ResumeRollout: (R, O),
    rollouts.ApproveRolloutStep: (A,),
    rollouts.SkipRolloutStep: (R,),
    rollouts.PromoteRollout: (R,),
    rollouts.AbortRollout: (R, O),
    rollouts.FinishRollout: (O,),
    requests.RequestPromotion: (P, R),
    requests.ApprovePromotion: (A,),
    requests.RejectPromotion: (A,),
    requests.CommentOnPromotion: (P, X, A, R, O, U, D),
    requests.WithdrawPromotion: (P, R, D),
    requests.EscalatePromotion: (X, O, D),
    requests.ExpirePromotion: (X, O, D),
    retraining.SetRetraining: (R, D),
    retraining.RequestRetraining: (P, R, O),
    retraining.RecordRetrainingRun: (O,),
    retraining.EndRetraining: (P, O),
    retraining.CancelRetraining: (P, R, O, D),
    rules.SetRules: (D,),
    rules.SetMetadataSchema: (D,),
    grants.GrantRole: (D,),
    grants.RevokeRole: (D,),
    grants.IssueKey: (D,),
    grants.RevokeKey: (D, O),
    collection.SetCollection: (P, D),
    collection.RemoveCollection: (P, D),
    queries.SaveQuery: (P, X, A, R, O, D),
    queries.DropQuery: (P, X, A, R, O, D),
    queries.SetSynonyms: (P, X, A, R, O, D),
    erasure.ErasePersonalData: (D,),
    policies.SavePolicy: (D,),
    policies.DropPolicy: (D,),
    retention.SetRetention: (D,),
    endpoints.SetEndpoint: (D,),
    endpoints.DropEndpoint: (D,),
    endpoints.RotateEndpointSecret: (D,),
    endpoints.TestEndpoint: (O, D),
    endpoints.RedriveEndpoint: (O, D),
    deletions.AnnounceDeletions: (D,),
}

WHO_MAY: Final = {command: frozenset(roles) for command, roles in _TABLE.items()}
"""Command -> the roles that may send it. A command without a line here fails the build."""


class Read(StrEnum):
    """What reads show, by how far it may be seen."""

    RECORD = "record"
    """Models, versions, cards, requests and their history."""
    ACCESS = "access"
    """Who holds which role, and which keys exist."""
    PERSONAL = "personal"
    """What stands behind references to personal data."""


WHO_KEEPS: Final = frozenset((P, X, A, R, O, D))
"""The roles that may put personal data into a namespace's vault: their texts may refer to it."""

WHO_SEES: Final[dict[Read, frozenset[Role]]] = {
    Read.RECORD: frozenset(Role),
    Read.ACCESS: frozenset((U, D)),
    Read.PERSONAL: frozenset((A, U, D)),
}
"""Read -> the roles that may see it."""


class Principal(NamedTuple):
    """Who sends a command or reads, as was proven."""

    subject: str
    groups: tuple[str, ...] = ()
    """As the identity provider names them, without `group:`."""
    limit: frozenset[Role] | None = None
    """The roles that a machine's key may be used as; None: all that it is granted."""
    everything: bool = False
    """An open registry's anybody, one who is an administrator by settings, or a service of ours.

    With a `limit`, everything that these roles may do, on every stream.
    """


def held(
    principal: Principal, namespaces: Iterable[Namespace], name: str, now: datetime
) -> Iterator[Grant]:
    """The grants that hold for a principal on a model, or on the namespace itself (`name` "")."""
    for grant in held_anywhere(principal, namespaces, now):
        if matches(name, grant.models) if name else grant.models == "*":
            yield grant


def held_anywhere(
    principal: Principal, namespaces: Iterable[Namespace], now: datetime
) -> Iterator[Grant]:
    """The grants that hold for a principal, for whichever models."""
    names = {principal.subject, *(f"group:{group}" for group in principal.groups)}
    for namespace in namespaces:
        for grant in namespace.grants.values():
            if (
                grant.subject in names
                and (grant.until is None or now < grant.until)
                and (principal.limit is None or grant.role in principal.limit)
            ):
                yield grant


def check(
    principal: Principal,
    command: Message,
    key: str,
    state: State,
    namespaces: tuple[Namespace, ...],
    now: datetime,
) -> None:
    """Refuse a command that nobody allowed its sender to send.

    `namespaces`: the one that the key names, and the registry's own. A grant for some environments
    holds for commands about one of these, and for no others: who may sign in `staging` may not
    say what risk the model is of in `production`. What is said to whom it is refused does not
    depend on the state, of which they may not know.
    """
    allowed = WHO_MAY[type(command)]
    if principal.everything and (principal.limit is None or principal.limit & allowed):
        return
    _, _, name = key.partition("/")
    environment = environment_of(command, state)
    for grant in held(principal, namespaces, name, now):
        if grant.role in allowed and _covers(grant, environment):
            if grant.role is Role.PUBLISHER and _is_of_another(principal, command, state):
                continue
            return
    wanted = " or ".join(sorted(allowed))
    named = getattr(command, "environment", None)
    where = f"{key} in {named}" if named else key
    own = ", a publisher for their own requests" if _OWN_ONLY is type(command) else ""
    raise Refused("forbidden", f"{type(command).__name__} on {where} needs the role {wanted}{own}")


_OWN_ONLY: Final = requests.WithdrawPromotion
"""What publishers do to their own requests only; who releases or administers, to all."""


def _is_of_another(principal: Principal, command: Message, state: State) -> bool:
    if type(command) is not _OWN_ONLY:
        return False
    request = _request(command, state)
    return request is not None and request.requested_by != principal.subject


def may_see(
    principal: Principal, read: Read, name: str, namespaces: tuple[Namespace, ...], now: datetime
) -> bool:
    """Whether a principal may see this of a model, or of the namespace itself (`name` "")."""
    if principal.everything and (principal.limit is None or principal.limit & WHO_SEES[read]):
        return True
    return any(grant.role in WHO_SEES[read] for grant in held(principal, namespaces, name, now))


def sees(principal: Principal, namespaces: tuple[Namespace, ...], now: datetime) -> frozenset[str]:
    """The patterns of the names of a namespace's models whose record somebody may see."""
    if principal.everything:
        return frozenset("*")
    return frozenset(grant.models for grant in held_anywhere(principal, namespaces, now))


def titles(
    principal: Principal,
    key: str,
    environment: str | None,
    namespaces: tuple[Namespace, ...],
    now: datetime,
) -> frozenset[str] | None:
    """In whose names a principal may sign for a model; None: in anybody's."""
    if principal.everything:
        return None
    _, _, name = key.partition("/")
    return frozenset(
        grant.title
        for grant in held(principal, namespaces, name, now)
        if grant.role is Role.APPROVER and grant.title is not None and _covers(grant, environment)
    )


def is_releaser(
    principal: Principal, key: str, namespaces: tuple[Namespace, ...], now: datetime
) -> bool:
    """Whether a principal may move what is protected, in whatever environment it stands."""
    if principal.everything and (principal.limit is None or Role.RELEASER in principal.limit):
        return True
    _, _, name = key.partition("/")
    return any(
        grant.role is Role.RELEASER and _covers(grant, None)
        for grant in held(principal, namespaces, name, now)
    )


def _covers(grant: Grant, environment: str | None) -> bool:
    """Whether a grant holds in an environment, or beyond all of them (None)."""
    if environment is None:
        return grant.environments == "*"
    return matches(environment, grant.environments)


def environment_of(command: Message, state: State) -> str | None:
    """The environment that a command is about, by itself or by what it names."""
    environment: str | None = getattr(command, "environment", None)
    if environment is not None or not isinstance(state, Model):
        return environment
    if isinstance(command, environments.ReviewBreakGlass):
        found = state.breaks.get(command.number)
        return found.environment if found is not None else None
    if isinstance(command, alarms.ClearDrift | alarms.AcknowledgeDrift):
        alarm = state.alarms.get(command.alarm)
        return alarm.environment if alarm is not None else None
    request = _request(command, state)
    return request.environment if request is not None else None


def _request(command: Message, state: State) -> Request | None:
    """The open request that a command is about."""
    number = getattr(command, "request", None)
    if number is None or not isinstance(state, Model):
        return None
    return state.requests.get(number)
