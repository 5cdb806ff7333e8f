"""Artifacts over HTTP: what is held, and where to read it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from rollbook.artifacts.digests import is_digest, uri_of
from rollbook.artifacts.errors import Missing
from rollbook.artifacts.held import Held, Kind, Tier
from rollbook.artifacts.signed import mark
from rollbook.observability.logs import logger
from rollbook.query.answers import answer
from rollbook.query.completing import of_each
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem, invalid
from rollbook.query.reading import MinPosition, Reading
from rollbook.query.shelf import Shelf, visible
from rollbook.query.sight import Seen

log = logger(__name__)

DigestText = Annotated[str, Path(examples=["sha256:" + "4f" * 32])]


class FileHeld(BaseModel):
    """A file of a folder."""

    path: str
    digest: str
    size: int
    url: str


class ArtifactHeld(BaseModel):
    """What is held under a digest, and where to read it."""

    digest: str
    size: int = Field(description="bytes; of a folder, those of its files")
    kind: Kind
    tier: Tier
    uri: str
    url: str = Field(description="of the bytes; of a folder, of its listing")
    expires: datetime
    files: list[FileHeld] | None = None


def router(reading: Reading, shelf: Shelf) -> APIRouter:
    """The route; the URLs that it gives are signed, see `transfers`."""
    made = APIRouter(prefix=API, tags=["artifacts"], responses=problems(404, 422, 503))

    @made.get(
        "/artifacts/{digest}",
        response_model=ArtifactHeld,
        response_model_exclude_none=True,
        summary="What the registry's own store holds under a digest, and where to read it",
    )
    async def get_artifact(
        digest: DigestText,
        sight: Seen,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        """`url` may be used by whoever has it until it expires, for ranges too."""
        if not is_digest(digest):
            raise invalid("digest", "must be 'sha256:' and 64 lower-case hexadecimal digits")
        held = await shelf.store.head(digest)
        if held is None or not await visible(sight, digest, shelf, reading, min_position):
            raise Problem(404, "unknown_artifact", f"there is no artifact {digest}")
        shown = await _shown(shelf, held)
        log.info(
            "artifact to be read",
            actor=sight.principal.subject,
            digest=digest,
            url=mark(shown.url) if not shelf.store.signs else None,
        )
        return answer(ArtifactHeld, shown, {"cache-control": "no-store"})

    return made


async def _shown(shelf: Shelf, held: Held) -> ArtifactHeld:
    expires = shelf.expires()
    (url,) = await shelf.to_read([held], expires)
    files = None
    size = held.size
    if held.kind is Kind.FOLDER:
        files = await _files(shelf, held.digest, expires)
        size = sum(file.size for file in files)
    return ArtifactHeld(
        digest=held.digest,
        size=size,
        kind=held.kind,
        tier=held.tier,
        uri=uri_of(held.digest),
        url=url,
        expires=expires,
        files=files,
    )


async def _files(shelf: Shelf, digest: str, expires: datetime) -> list[FileHeld]:
    store = shelf.store
    try:
        listed = await store.listing(digest)
        held = await of_each(listed, lambda file: store.found(file.digest))
    except Missing as error:
        raise Problem(404, "unknown_artifact", f"the folder is not whole: {error}") from error
    urls = await shelf.to_read(held, expires)
    return [
        FileHeld(path=file.path, digest=file.digest, size=there.size, url=url)
        for file, there, url in zip(listed, held, urls, strict=True)
    ]
