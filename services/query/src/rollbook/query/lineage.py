"""Lineage over HTTP: a version's neighbourhood in several forms, and what a thing has touched."""

import asyncio
import re
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Response

from rollbook.domain.access import Read
from rollbook.lineage.forms import MEDIA, WRITTEN, Form
from rollbook.lineage.graph import Direction, Graph, Node
from rollbook.lineage.impact import Impact
from rollbook.lineage.origins import code_node, dataset_node, version_node
from rollbook.lineage.walk import Bounds
from rollbook.query import forms
from rollbook.query.answers import answer
from rollbook.query.handlers import model_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem, invalid
from rollbook.query.reading import AsOf, Limit, MinPosition, Name, Namespace, Reading, then
from rollbook.query.sight import Seen, Sight
from rollbook.query.versions import VERSION, VersionText, found
from rollbook.readmodel.database import Db
from rollbook.readmodel.graph import impact, neighbourhood, records
from rollbook.readmodel.graph.records import Eyes

DEEPEST: Final = 100
COUNTED: Final = 5_000
"""Versions that an impact analysis walks through, at most."""
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
KEY: Final = re.compile(r"([^/@\s]+)/([^/@\s]+)@(?:v)?([1-9][0-9]{0,9})")
NEGOTIATED: Final = {form: MEDIA[form] for form in (Form.JSON, Form.DOT, Form.MERMAID, Form.PROV_N)}
"""What an Accept header can ask for; what is JSON like another form has to be named."""

Depth = Annotated[int, Query(ge=0, le=DEEPEST, description="Edges from the version, each way.")]


def router(reading: Reading) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix=API, tags=["lineage"], responses=problems(404, 422, 503))

    @made.get(
        VERSION + "/lineage",
        response_model=Graph,
        summary="What a version came from, what came of it, and where that stands",
        responses={
            200: {
                "content": {
                    media: {"schema": {"type": "string"}}
                    for media in NEGOTIATED.values()
                    if media != MEDIA[Form.JSON]
                }
            },
            **problems(406),
        },
    )
    async def get_lineage(
        namespace: Namespace,
        name: Name,
        version: VersionText,
        seen: Seen,
        direction: Direction = Direction.BOTH,
        depth: Depth = 5,
        limit: Annotated[int, Query(ge=1, le=1000, description="Nodes, each way.")] = 500,
        shape: Annotated[
            Form | None, Query(alias="format", description="What counts more than `Accept`.")
        ] = None,
        accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        """Edges point from effects to causes. `truncated` says which bound left something out."""
        key = model_key(namespace, name)
        form = shape or forms.acceptable(accept, NEGOTIATED, "a lineage")
        async with reading.at_one_moment(reading.needed(as_of, min_position)) as db:
            number = (await found(db, key, version)).version
            eyes = await _eyes(db, seen, as_of)
            bounds = Bounds(depth, limit)
            graph = await neighbourhood.of_version(db, key, number, direction, bounds, eyes)
        if not any(node.known for node in graph.nodes if node.id == graph.start):
            raise Problem(404, "unknown_version", f"{key} had no version {number} then")
        text = await asyncio.to_thread(WRITTEN[form], graph)
        headers = {"vary": "accept", "x-content-type-options": "nosniff"}
        return Response(text, 200, headers, MEDIA[form])

    @made.get(
        "/impact",
        response_model=Impact,
        summary="What came of a data set, a commit or a version, and where that serves",
    )
    async def get_impact(
        seen: Seen,
        dataset: Annotated[
            str | None, Query(description="Its digest, `sha256:…`, or a URI where it lay.")
        ] = None,
        commit: Annotated[str | None, Query(description="As it was registered.")] = None,
        model: Annotated[
            str | None, Query(description="A version: `namespace/name@3`.", examples=["a/b@3"])
        ] = None,
        depth: Depth = DEEPEST,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        """Just one of `dataset`, `commit` and `model`.

        `serving` is every environment where something of it serves, `versions` the first `limit`
        versions, those that serve before the others. Nothing is missing unless `truncated` or
        `limited` says so.
        """
        asked = [text for text in (dataset, commit, model) if text is not None]
        if len(asked) != 1 or "\x00" in asked[0]:
            raise invalid("dataset", "give one of dataset, commit and model")
        async with reading.at_one_moment(reading.needed(as_of, min_position)) as db:
            eyes = await _eyes(db, seen, as_of)
            if dataset is not None:
                things = await _data(db, dataset, eyes)
            elif commit is not None:
                things = await records.code_at(db, commit, eyes) or [code_node(None, commit)]
            else:
                things = [await _version(db, asked[0], seen, eyes)]
            bounds = Bounds(depth, COUNTED)
            touched = await impact.of_things(db, things, bounds, eyes, limit)
        return answer(Impact, touched)

    return made


async def _eyes(db: Db, seen: Sight, as_of: str | None) -> Eyes:
    await records.by_index(db)
    return Eyes(seen.scope(), await then(db, as_of))


async def _data(db: Db, text: str, eyes: Eyes) -> list[Node]:
    if DIGEST.fullmatch(text):
        return [dataset_node(None, text)]
    return await records.data_at(db, text, eyes) or [dataset_node(text, None)]


async def _version(db: Db, text: str, seen: Sight, eyes: Eyes) -> Node:
    parts = KEY.fullmatch(text)
    if parts is None:
        raise invalid("model", "must be 'namespace/name@version', such as payments/fraud@3")
    key = model_key(parts[1], parts[2])
    if not seen.may(Read.RECORD, key):
        raise Problem(404, "unknown_model", f"there is no model {key}")
    number = (await found(db, key, parts[3])).version
    node = version_node(key, number)
    if not await records.details(db, [node.id], eyes):
        raise Problem(404, "unknown_version", f"{key} had no version {number} then")
    return node
