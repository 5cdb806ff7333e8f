"""Uploads of artifacts over HTTP: begun, gone on with, completed."""

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rollbook.artifacts import uploads
from rollbook.artifacts.digests import uri_of
from rollbook.artifacts.held import Held, Kind
from rollbook.artifacts.uploads import Upload
from rollbook.artifacts.verifying import Progress
from rollbook.domain.names import Digest, NamespaceName
from rollbook.domain.tenancy import Role
from rollbook.observability.logs import logger
from rollbook.query.answers import answer
from rollbook.query.bodies import JSON, json_body
from rollbook.query.completing import Completing, of_each
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem, field_errors, invalid_fields
from rollbook.query.reading import Reading
from rollbook.query.shelf import Shelf, visible
from rollbook.query.sight import Seen, Sight

log = logger(__name__)

AGAIN: Final = {"retry-after": "1"}


class NewUpload(BaseModel):
    """What somebody wants to upload."""

    model_config = ConfigDict(extra="forbid")

    digest: Digest
    size: int = Field(ge=0, description="bytes; of a folder, those of its listing")
    namespace: NamespaceName
    kind: Literal["file", "folder"] = "file"


class PartToSend(BaseModel):
    """A part of an upload."""

    number: int
    size: int
    url: str = Field(description="PUT the bytes of the part there, without a token")
    done: bool = Field(description="whether it is there already")


class UploadBegun(BaseModel):
    """What is to be sent, and where."""

    done: bool = Field(description="whether there is nothing to send: the store holds it")
    digest: str
    size: int
    kind: Kind
    upload: str | None = None
    part_size: int | None = None
    parts: list[PartToSend] = []
    headers: dict[str, str] = Field({}, description="what must go with every part")
    expires: datetime | None = Field(None, description="of the URLs; ask again for new ones")


class UploadCompleted(BaseModel):
    """How far an upload is."""

    done: bool = Field(description="whether it is in place; if not, ask again")
    digest: str
    size: int
    kind: Kind
    verified: int = Field(description="bytes that were read so far")
    uri: str = Field(description="what a version's artifact is to say")


def router(reading: Reading, shelf: Shelf, completing: Completing) -> APIRouter:
    """The routes; the URLs of parts are signed, see `transfers`."""
    made = APIRouter(prefix=API, tags=["artifacts"], responses=problems(404, 422, 503))

    @made.post(
        "/artifacts/uploads",
        response_model=UploadBegun,
        summary="Begin to upload an artifact, or go on with it",
        responses=problems(403, 413, 415),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    JSON: {
                        "schema": NewUpload.model_json_schema(),
                        "example": {
                            "digest": "sha256:" + "4f" * 32,
                            "size": 1_048_576,
                            "namespace": "payments",
                        },
                    }
                },
            }
        },
    )
    async def begin_upload(sight: Seen, request: Request) -> Response:
        """The same again says which parts are there, with URLs that are good for longer."""
        try:
            wanted = NewUpload.model_validate_json(await json_body(request))
        except ValidationError as error:
            raise invalid_fields(field_errors(error)) from None
        store = shelf.store
        _may_publish(sight, wanted.namespace)
        if wanted.size > store.limit:
            raise Problem(413, "oversize", f"an artifact has at most {store.limit:,} bytes")
        if await _there_already(sight, wanted, shelf, reading):
            kind = Kind(wanted.kind)
            begun = UploadBegun(done=True, digest=wanted.digest, size=wanted.size, kind=kind)
            return answer(UploadBegun, begun)
        upload = Upload(
            digest=wanted.digest,
            size=wanted.size,
            kind=Kind(wanted.kind),
            namespace=wanted.namespace,
            actor=sight.principal.subject,
            part_size=uploads.part_size(wanted.size),
        )
        upload = await uploads.begin(store, upload)
        return answer(UploadBegun, await _begun(shelf, upload), {"cache-control": "no-store"})

    @made.post(
        "/artifacts/uploads/{upload}/complete",
        response_model=UploadCompleted,
        summary="Verify what was uploaded, and put it into place",
        responses={
            202: {"description": "It goes on: ask again", "model": UploadCompleted},
            **problems(403, 409),
        },
    )
    async def complete_upload(
        upload: Annotated[str, Path(pattern="^[0-9a-f]{32}$")], sight: Seen
    ) -> Response:
        """Ask again until it is done. What has another digest is refused, and nothing is kept."""
        store = shelf.store
        known = await uploads.find(store, upload)
        if known is None or known.actor != sight.principal.subject:
            raise Problem(404, "unknown_upload", f"there is no upload {upload}: begin it again")
        _may_publish(sight, known.namespace)
        result = await completing.complete(store, known)
        done = isinstance(result, Held)
        shown = UploadCompleted(
            done=done,
            digest=known.digest,
            size=known.size,
            kind=known.kind,
            verified=result.count if isinstance(result, Progress) else known.size,
            uri=uri_of(known.digest),
        )
        if not done:
            return answer(UploadCompleted, shown, AGAIN, status=202)
        log.info(
            "artifact taken in",
            actor=known.actor,
            digest=known.digest,
            namespace=known.namespace,
            size=known.size,
        )
        return answer(UploadCompleted, shown)

    return made


def _may_publish(sight: Sight, namespace: str) -> None:
    if Role.PUBLISHER not in sight.roles(namespace):
        raise Problem(403, "forbidden", f"uploading to {namespace} needs the role publisher there")


async def _there_already(sight: Sight, wanted: NewUpload, shelf: Shelf, reading: Reading) -> bool:
    """Whether it is held and may be seen by its sender; then their namespace holds it too.

    Others send it, though it is held: that they know a digest does not say that they may have it.
    """
    store = shelf.store
    held = await store.head(wanted.digest)
    if held is None or held.size != wanted.size or not held.serves(Kind(wanted.kind)):
        return False
    if not await visible(sight, wanted.digest, shelf, reading, []):
        return False
    if held.kind is Kind.FOLDER:
        files = await store.listing(wanted.digest)
        await of_each(files, lambda file: store.claim(file.digest, wanted.namespace))
    await store.claim(wanted.digest, wanted.namespace)
    return await store.head(wanted.digest) is not None  # not swept before we claimed it


async def _begun(shelf: Shelf, upload: Upload) -> UploadBegun:
    there = await uploads.there(shelf.store, upload)
    expires = shelf.expires()
    urls = await shelf.to_write(upload, expires)
    return UploadBegun(
        done=False,
        digest=upload.digest,
        size=upload.size,
        kind=upload.kind,
        upload=upload.id,
        part_size=upload.part_size,
        parts=[
            PartToSend(number=part.number, size=part.size, url=url, done=part.number in there)
            for part, url in zip(upload.parts, urls, strict=True)
        ],
        headers=shelf.store.objects.put_headers,
        expires=expires,
    )
