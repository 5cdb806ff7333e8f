"""Personal data over HTTP: kept outside of the log by reference, read by few, gone once erased."""

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rollbook.domain.access import WHO_KEEPS, Read
from rollbook.domain.names import NO_NUL, PersonalRef
from rollbook.domain.tenancy import REGISTRY
from rollbook.query.answers import answer
from rollbook.query.bodies import JSON, json_body
from rollbook.query.handlers import namespace_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem, field_errors, invalid, invalid_fields
from rollbook.query.reading import NAMESPACE, MinPosition, Namespace, Reading
from rollbook.query.sight import Seen
from rollbook.readmodel import erasures, vault
from rollbook.readmodel.vault import PersonRow


class PersonalContent(BaseModel):
    """What shall not stand in the log."""

    model_config = ConfigDict(extra="forbid")

    content: str = Field(min_length=1, max_length=100_000, pattern=NO_NUL)


class Kept(BaseModel):
    """Where it stands; write this into texts in its place."""

    reference: PersonalRef


class Personal(BaseModel):
    """What stands behind a reference."""

    reference: PersonalRef
    namespace: str
    content: str
    created_at: datetime
    created_by: str


def router(reading: Reading) -> APIRouter:
    """The routes of the vault."""
    made = APIRouter(prefix=API, tags=["personal data"], responses=problems(404, 422, 503))

    @made.post(
        NAMESPACE + "/personal",
        response_model=Kept,
        status_code=201,
        summary="Keep personal data outside of the log",
        responses=problems(403, 413, 415),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    JSON: {
                        "schema": PersonalContent.model_json_schema(),
                        "example": {"content": "Ada Lovelace, +44 20 7946 0000"},
                    }
                },
            }
        },
    )
    async def keep_personal(sight: Seen, namespace: Namespace, request: Request) -> Response:
        """Write the reference in its place; `ErasePersonalData` erases what stands behind it."""
        space = namespace_key(namespace)
        if not sight.roles(space) & WHO_KEEPS:
            raise Problem(403, "forbidden", f"keeping personal data in {space} needs a role there")
        try:
            body = PersonalContent.model_validate_json(await json_body(request))
        except ValidationError as error:
            raise invalid_fields(field_errors(error)) from None
        reference = uuid4()
        async with reading.at_least([]) as db:
            await vault.add(db, reference, space, body.content, sight.principal.subject)
        return answer(Kept, Kept(reference=f"{vault.PREFIX}{reference}"), status=201)

    @made.get(
        NAMESPACE + "/personal/{reference}",
        response_model=Personal,
        summary="What stands behind a reference to personal data",
        responses=problems(410),
    )
    async def get_personal(
        namespace: Namespace,
        reference: Annotated[str, Path(examples=["personal:0b7c3c5e-7d1c-4b1e-9a51-6a1f6c8f2d10"])],
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        """With `min_position`, also what that erasure left."""
        space = namespace_key(namespace)
        mark = _mark(reference)
        async with reading.at_least(min_position) as db:
            erased = await erasures.of(db, space, [reference])
        if erased:  # the log says so, whether the vault has followed or not
            raise Problem(
                410, "erased", f"erased {erased[0].erased_at.isoformat()}: {erased[0].reason}"
            )
        async with reading.at_least([]) as db:
            row = (await vault.get(db, space, [mark])).get(mark)
        if row is None:
            raise Problem(404, "unknown_reference", f"nothing in {space} stands behind {reference}")
        shown = Personal(
            reference=reference,
            namespace=row.namespace,
            content=row.content,
            created_at=row.created_at,
            created_by=row.created_by,
        )
        return answer(Personal, shown, {"cache-control": "no-store"})

    @made.get(
        "/people/{subject:path}",
        response_model=PersonRow,
        summary="How somebody is called whom the log knows as a subject",
    )
    async def get_person(sight: Seen, subject: str) -> Response:
        """For those who may see personal data in the registry's own namespace, and for oneself."""
        if subject != sight.principal.subject and not sight.may(Read.PERSONAL, REGISTRY):
            raise _nobody(subject)
        if not subject.isprintable():
            raise _nobody(subject)
        async with reading.at_least([]) as db:
            row = (await vault.people(db, [subject])).get(subject)
        if row is None:
            raise _nobody(subject)
        return answer(PersonRow, row, {"cache-control": "no-store"})

    return made


def _mark(reference: str) -> UUID:
    mark = vault.reference_of(reference)
    if mark is None or f"{vault.PREFIX}{mark}" != reference:
        raise invalid("reference", "must be 'personal:' and a UUID in lower case")
    return mark


def _nobody(subject: str) -> Problem:
    return Problem(404, "unknown_person", f"nothing is known of {subject!r}")
