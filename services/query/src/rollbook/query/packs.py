"""Evidence packs over HTTP: as a document, as a page, or as an ML-BOM."""

import asyncio
from typing import Annotated, Final, Literal

import orjson
from fastapi import APIRouter, Header, Query, Response

from rollbook.cards.page import POLICY
from rollbook.dossier import bom
from rollbook.dossier.pack import Pack
from rollbook.dossier.page import page
from rollbook.query.answers import answer
from rollbook.query.forms import acceptable
from rollbook.query.handlers import model_key
from rollbook.query.openapi import API, problems
from rollbook.query.packing import TABLES, gathered
from rollbook.query.reading import AsOf, MinPosition, Name, Namespace, Reading, known, until
from rollbook.query.sight import Seen
from rollbook.query.versions import VERSION, VersionText, found, of_version

Format = Literal["json", "html", "cyclonedx"]
MEDIA: Final[dict[Format, str]] = {
    "json": "application/json",
    "html": "text/html",
    "cyclonedx": bom.MEDIA,
}


def router(reading: Reading) -> APIRouter:
    """The route."""
    made = APIRouter(prefix=API, tags=["versions"], responses=problems(404, 422, 503))

    @made.get(
        VERSION + "/evidence-pack",
        response_model=Pack,
        summary="Everything on record about a version, for an auditor: JSON, a page, or an ML-BOM",
        responses={
            200: {
                "content": {
                    "text/html": {"schema": {"type": "string"}},
                    bom.MEDIA: {"schema": {"type": "object"}},
                }
            },
            **problems(406),
        },
    )
    async def get_evidence_pack(
        namespace: Namespace,
        name: Name,
        version: VersionText,
        sight: Seen,
        shape: Annotated[
            Format | None, Query(alias="format", description="What counts more than `Accept`.")
        ] = None,
        accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        """Made of the log up to the same record, it is always the same."""
        key = model_key(namespace, name)
        wanted = shape or acceptable(accept, MEDIA, "an evidence pack")
        streams, look = (key, key.partition("/")[0]), of_version([version], *TABLES)
        async with reading.shown_together(as_of, min_position, *streams, look=look) as db:
            model = await known(db, key)
            row = await found(db, key, version)
            end = (await until(db, key, as_of)).offset
            pack = await gathered(db, model, row, end, sight)
        headers = {"vary": "accept", "x-content-type-options": "nosniff"}
        if wanted == "json":
            return answer(Pack, pack, headers)
        if wanted == "cyclonedx":
            text = orjson.dumps(bom.bom(pack), option=orjson.OPT_INDENT_2)
            return Response(text, 200, headers, f"{bom.MEDIA}; version={bom.SPEC}")
        headers["content-security-policy"] = POLICY
        text = (await asyncio.to_thread(page, pack)).encode()
        return Response(text, 200, headers, "text/html; charset=utf-8")

    return made
