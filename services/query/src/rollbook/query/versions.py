"""Versions over HTTP, and what has been found out about each."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from rollbook.domain.evaluations import Evaluation
from rollbook.query.answers import answer, page
from rollbook.query.handlers import model_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem, invalid
from rollbook.query.reading import (
    AsOf,
    Limit,
    MinPosition,
    Name,
    Namespace,
    Order,
    Page,
    Reading,
    known,
)
from rollbook.readmodel import documents, evaluations, verdicts, versions
from rollbook.readmodel.database import Db
from rollbook.readmodel.documents import DocumentRow
from rollbook.readmodel.evaluations import EvaluationRow
from rollbook.readmodel.past import Look
from rollbook.readmodel.scope import filled
from rollbook.readmodel.verdicts import VerdictRow
from rollbook.readmodel.versions import VersionRow

VERSIONS = "/models/{namespace}/{name}/versions"
VERSION = VERSIONS + "/{version}"

NUMBER = re.compile(r"[1-9][0-9]{0,9}")
LABEL = re.compile(r"(?:0|[1-9][0-9]{0,9})(?:\.(?:0|[1-9][0-9]{0,9})){2}")
PLACE = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")
MOST = 2**31 - 1

VersionText = Annotated[
    str,
    Path(
        description="Digits are its number, such as `2`; three numbers with dots between are its"
        " label, such as `1.2.0`.",
        examples=["2"],
    ),
]
Stage = Literal["registered", "validating", "validated", "rejected"]
Kind = Literal["offline", "production", "shadow", "ab", "human"]


async def found(db: Db, key: str, text: str) -> VersionRow:
    """The version that `text` names, by number or by label; a 404 when there is none."""
    if NUMBER.fullmatch(text) and int(text) <= MOST:
        row = await versions.get(db, key, int(text))
    elif LABEL.fullmatch(text):
        row = await versions.by_label(db, key, text)
    else:
        raise invalid("version", "must be a number, such as 2, or a label, such as 1.2.0")
    if row is None:
        have = (await known(db, key)).versions
        raise Problem(404, "unknown_version", f"{key} has {have} versions, none of them is {text}")
    return row


def of_version(texts: Sequence[str], *tables: str) -> Look:
    """What a read about single versions, each named by a text, needs of the past."""
    numbers = [int(text) for text in texts if NUMBER.fullmatch(text) and int(text) <= MOST]
    labels = [text for text in texts if LABEL.fullmatch(text)]
    return Look(tables=frozenset(("versions", *tables)), versions=(*numbers, *labels))


def router(reading: Reading) -> APIRouter:
    """The routes of versions."""
    made = APIRouter(prefix=API, tags=["versions"], responses=problems(404, 422, 503))
    _rows(made, reading)
    _findings(made, reading)
    return made


def _rows(made: APIRouter, reading: Reading) -> None:
    @made.get(VERSIONS, response_model=Page[VersionRow], summary="The versions of a model")
    async def list_versions(
        namespace: Namespace,
        name: Name,
        stage: Annotated[Stage | None, Query(description="Only those at this stage.")] = None,
        after: Annotated[int | None, Query(ge=0, le=MOST)] = None,
        limit: Limit = 100,
        order: Order = "oldest",
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        key = model_key(namespace, name)
        look = _page_of(stage, after, limit, order)
        async with reading.shown(as_of, min_position, key, look=look) as db:

            async def fetch(last: VersionRow | None) -> list[VersionRow]:
                start = last.version if last else after
                if order == "newest":
                    return await versions.newest(db, key, start, limit)
                return await versions.page(db, key, start or 0, limit)

            rows = await filled(fetch, lambda row: stage in (None, row.stage), limit)
            if not rows:
                await known(db, key)
        return page(VersionRow, rows, rows[-1].version if len(rows) == limit else None)

    @made.get(VERSION, response_model=VersionRow, summary="A version, by number or label")
    async def get_version(
        namespace: Namespace,
        name: Name,
        version: VersionText,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(
            as_of, min_position, key, look=of_version([version], "aliases", "environments")
        ) as db:
            row = await found(db, key, version)
        return answer(VersionRow, row)


def _findings(made: APIRouter, reading: Reading) -> None:
    @made.get(
        VERSION + "/evaluations",
        response_model=Page[EvaluationRow],
        summary="What was measured of a version, by kind, split and slice",
    )
    async def list_evaluations(
        namespace: Namespace,
        name: Name,
        version: VersionText,
        kind: Kind | None = None,
        split: str | None = None,
        slice_: Annotated[
            list[str],
            Query(alias="slice", description="`key=value`, several for a slice of a slice."),
        ] = [],  # noqa: B006
        after: Annotated[str | None, Query(examples=["3:0"])] = None,
        limit: Limit = 100,
        order: Order = "oldest",
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        """A slice must have all the parts that are asked for, and may have more."""
        key = model_key(namespace, name)
        place = _place(after)
        parts = _parts(slice_)

        def wanted(row: EvaluationRow) -> bool:
            return _fits(row.evaluation, kind, split, parts)

        async with reading.shown(
            as_of, min_position, key, look=of_version([version], "evaluations")
        ) as db:
            number = (await found(db, key, version)).version

            async def fetch(last: EvaluationRow | None) -> list[EvaluationRow]:
                start = (last.number, last.place) if last else place
                if order == "newest":
                    return await evaluations.newest(db, key, number, start, limit)
                return await evaluations.of(db, key, number, start or (-1, -1), limit)

            rows = await filled(fetch, wanted, limit)
        last = f"{rows[-1].number}:{rows[-1].place}" if len(rows) == limit else None
        return page(EvaluationRow, rows, last)

    @made.get(
        VERSION + "/documents",
        response_model=Page[DocumentRow],
        summary="The documents that were linked to a version",
    )
    async def list_documents(
        namespace: Namespace,
        name: Name,
        version: VersionText,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(
            as_of, min_position, key, look=of_version([version], "documents")
        ) as db:
            rows = await documents.of(db, key, (await found(db, key, version)).version)
        return page(DocumentRow, rows)

    @made.get(
        VERSION + "/verdicts",
        response_model=Page[VerdictRow],
        summary="What the gates said about a version, newest first: the first one holds",
    )
    async def list_verdicts(
        namespace: Namespace,
        name: Name,
        version: VersionText,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(
            as_of, min_position, key, look=of_version([version], "verdicts")
        ) as db:
            rows = await verdicts.of(db, key, (await found(db, key, version)).version, limit)
        return page(VerdictRow, rows)


def _page_of(stage: str | None, after: int | None, limit: int, order: str) -> Look:
    tables = frozenset(("versions", "aliases", "environments"))
    if stage is not None:  # at what stage a version was is not known before
        return Look(tables=tables)
    if order == "newest" and after is None:
        return Look(tables=tables, newest=limit)
    start = (after or 0) + 1 if order == "oldest" else max(1, (after or 0) - limit)
    return Look(tables=tables, versions=range(start, min(start + limit, MOST)))


def _place(after: str | None) -> tuple[int, int] | None:
    if after is None:
        return None
    place = PLACE.fullmatch(after)
    if place is None:
        raise invalid("after", "must be what `next` of the page before says, such as 3:0")
    return int(place[1]), int(place[2])


def _parts(texts: list[str]) -> dict[str, str]:
    parts = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise invalid("slice", "must be 'key=value', such as country=DE")
        parts[name] = value
    return parts


def _fits(
    evaluation: Evaluation, kind: str | None, split: str | None, parts: dict[str, str]
) -> bool:
    return (
        kind in (None, evaluation.kind)
        and split in (None, evaluation.split)
        and parts.items() <= evaluation.slice.items()
    )
