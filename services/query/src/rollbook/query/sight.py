"""What somebody may see over HTTP: one line for each route that shows anything."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, TypeAlias

from fastapi import Depends, FastAPI, Request
from fastapi.routing import iter_route_contexts

from rollbook.domain import access
from rollbook.domain.access import Principal, Read
from rollbook.domain.tenancy import Grant, Role
from rollbook.eventlog.commands import COMMANDS
from rollbook.eventlog.governance import Governance
from rollbook.query.handlers import actor, stream_key
from rollbook.query.problems import Problem
from rollbook.readmodel.scope import Scope

READS: Final[dict[str, Read]] = {
    "list_models": Read.RECORD,
    "get_model": Read.RECORD,
    "list_versions": Read.RECORD,
    "search": Read.RECORD,
    "list_search_fields": Read.RECORD,
    "get_version": Read.RECORD,
    "list_evaluations": Read.RECORD,
    "list_documents": Read.RECORD,
    "list_verdicts": Read.RECORD,
    "list_signatures": Read.RECORD,
    "list_aliases": Read.RECORD,
    "get_alias": Read.RECORD,
    "list_environments": Read.RECORD,
    "list_history": Read.RECORD,
    "list_changes": Read.RECORD,
    "get_event": Read.RECORD,
    "stream_events": Read.RECORD,
    "get_outcome": Read.RECORD,
    "list_topics": Read.RECORD,
    "get_card": Read.RECORD,
    "list_revisions": Read.RECORD,
    "list_reviews": Read.RECORD,
    "get_diff": Read.RECORD,
    "list_requests": Read.RECORD,
    "get_request": Read.RECORD,
    "list_waiting": Read.RECORD,
    "list_overdue": Read.RECORD,
    "list_stays": Read.RECORD,
    "get_why": Read.RECORD,
    "list_timeline": Read.RECORD,
    "get_evidence_pack": Read.RECORD,
    "get_lineage": Read.RECORD,
    "get_impact": Read.RECORD,
    "list_breaks": Read.RECORD,
    "get_break": Read.RECORD,
    "list_unreviewed": Read.RECORD,
    "list_namespaces": Read.RECORD,
    "get_namespace": Read.RECORD,
    "get_rules": Read.RECORD,
    "get_schema": Read.RECORD,
    "list_namespace_history": Read.ACCESS,
    "list_namespace_changes": Read.ACCESS,
    "list_grants": Read.ACCESS,
    "list_keys": Read.ACCESS,
    "list_collections": Read.RECORD,
    "get_collection": Read.RECORD,
    "list_queries": Read.RECORD,
    "get_query": Read.RECORD,
    "list_synonyms": Read.RECORD,
    "list_policies": Read.RECORD,
    "get_retraining_policy": Read.RECORD,
    "list_endpoints": Read.ACCESS,
    "get_endpoint": Read.ACCESS,
    "list_deliveries": Read.ACCESS,
    "list_retrainings": Read.RECORD,
    "list_alarms": Read.RECORD,
    "get_alarm": Read.RECORD,
    "get_alarm_picture": Read.RECORD,
    "list_open_alarms": Read.RECORD,
    "get_profile": Read.RECORD,
    "list_windows": Read.RECORD,
    "get_decline": Read.RECORD,
    "list_rollouts": Read.RECORD,
    "get_rollout": Read.RECORD,
    "list_live_rollouts": Read.RECORD,
    "get_deployment": Read.RECORD,
    "get_retraining": Read.RECORD,
    "get_policy": Read.RECORD,
    "get_past_policy": Read.RECORD,
    "get_completeness": Read.RECORD,
    "list_questions": Read.RECORD,
    "get_answer": Read.RECORD,
    "begin_upload": Read.RECORD,
    "complete_upload": Read.RECORD,
    "get_artifact": Read.RECORD,
    "list_holds": Read.RECORD,
    "get_retention": Read.RECORD,
    "get_me": Read.RECORD,
    "keep_personal": Read.RECORD,
    "get_personal": Read.PERSONAL,
    "get_person": Read.PERSONAL,
}
"""Route -> what it shows. One that names no namespace shows of each row what may be seen of it."""

SIGNED: Final = frozenset({"put_part", "get_content", "head_content"})
"""Routes of artifacts that ask for a signed URL, which was given to somebody who may."""

OPEN: Final = frozenset({"openapi", "docs", "healthz", "readyz", "metrics"}) | SIGNED
"""Routes that ask nobody who they are: they show nothing of the record."""

JUDGED: Final = frozenset({"plan_model_command", "plan_namespace_command"})
"""Routes that judge who asks as the command service does, and so tell as little as it does."""


class Sight:
    """What somebody may see, now."""

    def __init__(self, principal: Principal, governance: Governance, now: datetime) -> None:
        self.principal = principal
        self._governance = governance
        self._now = now

    def called(self, subject: str) -> "Sight":
        """The same for somebody by this name."""
        return Sight(self.principal._replace(subject=subject), self._governance, self._now)

    def at(self, now: datetime) -> "Sight":
        """The same at another time: what was granted since counts, what has ended does not."""
        return Sight(self.principal, self._governance, now)

    def may(self, read: Read, key: str) -> bool:
        """Whether this of a model, `namespace/name`, or of a namespace by itself."""
        if self.principal.everything:
            return True
        both = self._governance.both(key)
        return access.may_see(self.principal, read, key.partition("/")[2], both, self._now)

    def scope(self) -> Scope | None:
        """The models whose record may be seen, for lists; None: all of them."""
        if self.principal.everything:
            return None
        governance = self._governance
        seen = {
            name: access.sees(self.principal, (namespace,), self._now)
            for name, namespace in governance.namespaces.items()
        }
        seen["*"] = access.sees(self.principal, (governance.registry,), self._now)
        return {name: patterns for name, patterns in seen.items() if patterns}

    def record(self, stream: str | None) -> bool:
        """Whether a record of the log, which is of a model, of a namespace or of nothing known."""
        if stream is None:
            return self.principal.everything
        # What stands in a namespace's own stream is mostly who may do what.
        return self.may(Read.RECORD if "/" in stream else Read.ACCESS, stream)

    def grants(self) -> Iterator[tuple[str, Grant]]:
        """What holds for them, each with the namespace in which it was granted."""
        for name, namespace in sorted(self._governance.namespaces.items()):
            for grant in access.held_anywhere(self.principal, (namespace,), self._now):
                yield name, grant

    def roles(self, namespace: str) -> frozenset[Role]:
        """What they are to a namespace, for whichever of its models."""
        if self.principal.everything:
            return frozenset(Role)
        both = self._governance.both(namespace)
        found = access.held_anywhere(self.principal, both, self._now)
        return frozenset(grant.role for grant in found)

    def titles(self, key: str, environment: str) -> frozenset[str] | None:
        """In whose names they may sign for a model; None: in anybody's."""
        both = self._governance.both(key)
        return access.titles(self.principal, key, environment, both, self._now)

    def sent(self, by: str) -> bool:
        """Whether it is who did something; of the unknown nobody knows."""
        return self.principal.subject == by


NEVER: Final = datetime.max.replace(tzinfo=UTC)
EVERYBODY: Final = Sight(Principal("anonymous", everything=True), Governance(), NEVER)
"""What an open registry shows to whoever asks."""


def _sight(request: Request) -> Sight:
    found = getattr(request.state, "sight", None)
    if found is None:  # an open registry: anybody is anybody, and may see everything
        return EVERYBODY.called(actor(request.headers))
    assert isinstance(found, Sight)  # noqa: S101
    return found


Seen: TypeAlias = Annotated[Sight, Depends(_sight)]
"""A parameter of routes that show rows of more than one model or namespace."""


def check(route: str, path: Mapping[str, str], sight: Sight) -> None:
    """Answer for what may not be seen exactly as for what does not exist."""
    namespace = path.get("namespace")
    if namespace is None or route in JUDGED:
        return
    key = stream_key(namespace, path.get("name"))
    if not sight.may(READS[route], key):
        kind = "model" if "/" in key else "namespace"
        raise Problem(404, f"unknown_{kind}", f"there is no {kind} {key}")


def check_every_route(app: FastAPI) -> None:
    """Fail, before anything is served, at a route of which nobody said who may see it."""
    for route in iter_route_contexts(app.routes):
        name = route.name
        if not any(name in known for known in (COMMANDS, OPEN, JUDGED, READS)):
            raise NotImplementedError(
                f"route {name} of {route.path} has no line in rollbook.query.sight.READS"
            )
