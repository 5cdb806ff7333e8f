"""The bytes of artifacts over HTTP, for whoever has a signed URL: the way of a local store."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from rollbook.artifacts import uploads
from rollbook.artifacts.errors import WrongDigest
from rollbook.artifacts.signed import BadSignature, Expired, Grant
from rollbook.observability.logs import logger
from rollbook.query import ranges
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem
from rollbook.query.ranges import Unsatisfiable
from rollbook.query.shelf import CONTENT, PART, Shelf

log = logger(__name__)

BYTES: Final = "application/octet-stream"
GATHERED: Final = 1 << 20
"""Bytes that are handed on at once: the server gives them in much smaller pieces."""


def router(shelf: Shelf) -> APIRouter:
    """The routes; they ask for a signature, and not who somebody is."""
    made = APIRouter(prefix=API, tags=["artifacts"], responses=problems(403, 404, 422, 503))

    @made.put(
        PART,
        status_code=204,
        summary="Send a part of an upload, to the URL that was given for it",
        response_class=Response,
        responses=problems(413),
        openapi_extra={"requestBody": {"required": True, "content": {BYTES: {}}}},
    )
    async def put_part(
        upload: Annotated[str, Path(pattern="^[0-9a-f]{32}$")],
        number: Annotated[int, Path(ge=1, le=100_000)],
        request: Request,
    ) -> Response:
        """It is there whole or not at all; sent again, it counts anew."""
        grant = await _granted(shelf, "PUT", request)
        known = await uploads.find(shelf.store, upload)
        part = next((p for p in known.parts if p.number == number), None) if known else None
        if known is None or part is None or part.size != grant.size:
            raise Problem(404, "unknown_upload", f"there is no part {number} of an upload {upload}")
        declared = request.headers.get("content-length", str(part.size))
        if declared.isdecimal() and int(declared) > part.size:
            raise Problem(413, "oversize", f"the part has {part.size:,} bytes, not {declared}")
        try:
            await uploads.take(shelf.store, known, part, gathered(request.stream()))
        except WrongDigest as error:
            raise Problem(422, "incomplete_part", str(error)) from error
        except ClientDisconnect as error:
            log.info("part broken off", upload=upload, part=number)
            raise Problem(422, "incomplete_part", "the connection ended within it") from error
        return Response(status_code=204)

    async def content(digest: str, request: Request) -> Response:
        grant = await _granted(shelf, "GET", request)
        held = await shelf.store.head(digest)
        if held is None:
            raise Problem(404, "unknown_artifact", f"there is no artifact {digest}")
        etag = f'"{digest}"'
        headers = {
            "etag": etag,
            "accept-ranges": "bytes",
            "cache-control": "private, no-transform",
            "content-disposition": "attachment",
            "x-content-type-options": "nosniff",
        }
        if _names(request.headers.get("if-none-match"), etag):
            return Response(status_code=304, headers=headers)
        condition = request.headers.get("if-range")
        asked = request.headers.get("range") if condition in {None, etag} else None
        try:
            part = ranges.wanted(asked, held.size)
        except Unsatisfiable:
            problem = Problem(
                416, "unsatisfiable_range", f"it has {held.size:,} bytes, and none of these"
            ).response()
            problem.headers["content-range"] = f"bytes */{held.size}"
            return problem
        start, stop = part or (0, held.size)
        headers["content-length"] = str(stop - start)
        if part is not None:
            headers["content-range"] = f"bytes {start}-{stop - 1}/{held.size}"
        status = 200 if part is None else 206
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers, media_type=BYTES)
        log.info("artifact read", digest=digest, url=grant.mark, start=start, stop=stop)
        pieces = shelf.store.read_held(held, start, stop)
        return StreamingResponse(pieces, status, headers, BYTES)

    told: dict[int | str, dict[str, Any]] = {
        206: {"description": "A range of its bytes", "content": {BYTES: {}}},
        304: {"description": "It is what `If-None-Match` names"},
        **problems(416),
    }

    @made.get(
        CONTENT,
        summary="The bytes of an artifact, from the URL that was given for it",
        response_class=Response,
        responses={200: {"content": {BYTES: {}}}, **told},
    )
    async def get_content(digest: str, request: Request) -> Response:
        """Ranges too, one in each request."""
        return await content(digest, request)

    @made.head(
        CONTENT,
        summary="What reading the bytes of an artifact would say",
        response_class=Response,
        responses=told,
    )
    async def head_content(digest: str, request: Request) -> Response:
        """By the same URL."""
        return await content(digest, request)

    return made


async def gathered(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in larger pieces."""
    held = bytearray()
    async for piece in stream:
        held += piece
        if len(held) >= GATHERED:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


async def _granted(shelf: Shelf, method: str, request: Request) -> Grant:
    urls = (await shelf.urls()) if not shelf.store.signs else None
    if urls is None:
        raise Problem(404, "unknown_artifact", "this store gives its own URLs: ask for one")
    query = request.query_params
    try:
        return urls.check(method, request.scope["path"], query, datetime.now(UTC))
    except Expired as error:
        raise Problem(403, "url_expired", f"{error}: ask for a new one") from error
    except BadSignature as error:
        raise Problem(403, "bad_signature", str(error)) from error


def _names(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    named = [each.strip().removeprefix("W/") for each in header.split(",")]
    return etag in named or "*" in named
