"""`/me`: who somebody is to the registry, and what they may do where."""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel

from rollbook.domain.tenancy import Role
from rollbook.query.answers import answer
from rollbook.query.openapi import API, problems
from rollbook.query.sight import Seen


class RoleHeld(BaseModel):
    """A role that holds now."""

    namespace: str
    """`rollbook`: in all of them."""
    role: Role
    models: str
    environments: str
    title: str | None
    """In whose name an approver signs."""
    until: datetime | None
    by: str
    """The subject that it was granted to: oneself, or a group."""


class Me(BaseModel):
    """Who asks, as was proven."""

    subject: str
    groups: list[str]
    everything: bool
    """Whether all is allowed: the registry is open, or its settings say so."""
    limit: list[Role] | None
    """The roles that this machine's key may be used as; null: all that it is granted."""
    roles: list[RoleHeld]


def router() -> APIRouter:
    """The route."""
    made = APIRouter(prefix=API, tags=["me"], responses=problems(422, 503))

    @made.get("/me", response_model=Me, summary="Who I am, and which roles I hold where")
    async def get_me(sight: Seen) -> Response:
        who = sight.principal
        shown = Me(
            subject=who.subject,
            groups=list(who.groups),
            everything=who.everything,
            limit=sorted(who.limit) if who.limit is not None else None,
            roles=[
                RoleHeld(
                    namespace=namespace,
                    role=grant.role,
                    models=grant.models,
                    environments=grant.environments,
                    title=grant.title,
                    until=grant.until,
                    by=grant.subject,
                )
                for namespace, grant in sight.grants()
            ],
        )
        return answer(Me, shown)

    return made
