"""Alarms, reference profiles and windows of live data over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from rollbook.domain.names import EnvironmentName
from rollbook.drift.decline import Decline, decline
from rollbook.drift.drawing import svg
from rollbook.query.answers import answer, page
from rollbook.query.handlers import model_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem
from rollbook.query.reading import (
    MODEL,
    AsOf,
    Limit,
    MinPosition,
    Name,
    Namespace,
    Number,
    Page,
    Reading,
    after_numbered,
    known,
    look_at,
)
from rollbook.query.sight import Seen
from rollbook.readmodel import alarms, references, windows
from rollbook.readmodel.alarms import AlarmRow, AlarmState
from rollbook.readmodel.references import ReferenceRow
from rollbook.readmodel.windows import WindowRow
from rollbook.telemetry.edges import MICRO, quantile

MOST = 2**31 - 1
MOST_WINDOWS = 10_000

AlarmNumber = Annotated[int, Path(ge=1, le=MOST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowShown:
    """What a version did in a stretch of time."""

    environment: str
    version: int
    start: datetime
    profile: str
    """Digest of the reference that it is held against; empty for none."""
    rows: int
    errors: int
    late: int
    """Rows that came when their own window was closed."""
    ahead: int
    """Rows that said they were of the future."""
    p50: float | None
    """Of latency, milliseconds."""
    p95: float | None
    labels: int
    """Predictions whose labels came in this time."""
    loss: float | None
    """Measured by them: the share of wrong answers, or the mean difference."""
    estimated_loss: float | None
    """Estimated without labels, by how sure the version was; only as good as its probabilities."""
    verdicts: Mapping[str, str] | None
    """By kind of alarm, `drifting` or `calm`; None while the window is open."""
    signs: list[Any] | None
    """Each: kind, subject, measure, value, threshold, p, rows, other measures."""


def router(reading: Reading) -> APIRouter:
    """The routes of alarms and of what they are raised by."""
    made = APIRouter(prefix=API, tags=["alarms"], responses=problems(404, 422, 503))

    @made.get(
        MODEL + "/alarms", response_model=Page[AlarmRow], summary="A model's alarms, newest first"
    )
    async def list_alarms(
        namespace: Namespace,
        name: Name,
        state: Annotated[AlarmState | None, Query()] = None,
        after: Annotated[int | None, Query(ge=1, le=MOST)] = None,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(as_of, min_position, key, look=look_at("alarms")) as db:
            rows = await alarms.of(db, key, state=state, before=after, limit=limit)
            if not rows:
                await known(db, key)
        return page(AlarmRow, rows, rows[-1].alarm if len(rows) == limit else None)

    @made.get(MODEL + "/alarms/{alarm}", response_model=AlarmRow, summary="An alarm")
    async def get_alarm(
        namespace: Namespace,
        name: Name,
        alarm: AlarmNumber,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(as_of, min_position, key, look=look_at("alarms")) as db:
            row = await alarms.get(db, key, alarm)
            if row is None:
                await known(db, key)
                raise _unknown_alarm(key, alarm)
        return answer(AlarmRow, row)

    @made.get(
        MODEL + "/alarms/{alarm}/pictures/{place}",
        summary="A column of an alarm as a picture: its reference beside its window",
        response_class=Response,
        responses={200: {"content": {"image/svg+xml": {}}}},
    )
    async def get_alarm_picture(
        namespace: Namespace,
        name: Name,
        alarm: AlarmNumber,
        place: Annotated[int, Path(ge=1, le=100, description="1: the one that moved furthest.")],
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.at_least(min_position) as db:
            row = await alarms.get(db, key, alarm)
            if row is None:
                await known(db, key)
                raise _unknown_alarm(key, alarm)
        if place > len(row.pictures):
            raise Problem(404, "unknown_alarm", f"alarm {alarm} has {len(row.pictures)} pictures")
        return Response(svg(row.pictures[place - 1]), media_type="image/svg+xml")

    @made.get("/alarms", response_model=Page[AlarmRow], summary="Open alarms of all models")
    async def list_open_alarms(
        sight: Seen,
        after: Annotated[str | None, Query(examples=["payments/fraud/1"])] = None,
        limit: Limit = 100,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        async with reading.at_least(min_position) as db:
            rows = await alarms.open_ones(
                db, sight.scope(), after=after_numbered(after), limit=limit
            )
        end = rows[-1] if len(rows) == limit else None
        return page(AlarmRow, rows, f"{end.model}/{end.alarm}" if end else None)

    @made.get(
        MODEL + "/versions/{number}/profile",
        response_model=ReferenceRow,
        summary="What live data of a version is held against",
    )
    async def get_profile(
        namespace: Namespace,
        name: Name,
        number: Number,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        look = look_at("reference_profiles")
        async with reading.shown(as_of, min_position, key, look=look) as db:
            row = await references.get(db, key, number)
            if row is None:
                await known(db, key)
                raise Problem(
                    404, "no_profile", f"version {number} of {key} has no reference profile"
                )
        return answer(ReferenceRow, row)

    @made.get(
        MODEL + "/windows",
        response_model=Page[WindowShown],
        summary="What a model's versions did lately, by stretches of time, newest first",
    )
    async def list_windows(
        namespace: Namespace,
        name: Name,
        environment: Annotated[EnvironmentName | None, Query()] = None,
        version: Annotated[int | None, Query(ge=1, le=MOST)] = None,
        limit: Limit = 100,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.at_least(min_position) as db:
            rows = await windows.of(db, key, environment=environment, version=version, limit=limit)
            if not rows:
                await known(db, key)
        return page(WindowShown, list(map(_shown, rows)))

    @made.get(
        MODEL + "/versions/{number}/decline",
        response_model=Decline | None,
        summary="How fast a version gets worse, by labels; null where too few came",
    )
    async def get_decline(
        namespace: Namespace,
        name: Name,
        number: Number,
        environment: Annotated[EnvironmentName, Query()] = "production",
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.at_least(min_position) as db:
            await known(db, key)
            reference = await references.get(db, key, number)
            rows = await windows.of(
                db, key, environment=environment, version=number, limit=MOST_WINDOWS
            )
        task = reference.profile.task if reference is not None else "number"
        found = decline([(row.start, row.counts.loss) for row in rows], task)
        return answer(Decline | None, found)

    return made


def _unknown_alarm(key: str, number: int) -> Problem:
    return Problem(404, "unknown_alarm", f"{key} has no alarm {number}")


def _shown(row: WindowRow) -> WindowShown:
    counts = row.counts
    findings = row.findings
    return WindowShown(
        environment=row.environment,
        version=row.version,
        start=row.start,
        profile=row.profile,
        rows=counts.rows,
        errors=counts.errors,
        late=counts.late,
        ahead=counts.ahead,
        p50=quantile(counts.latency, 0.5),
        p95=quantile(counts.latency, 0.95),
        labels=counts.loss.n,
        loss=counts.loss.x / MICRO / counts.loss.n if counts.loss.n else None,
        estimated_loss=1 - counts.sure.x / MICRO / counts.sure.n if counts.sure.n else None,
        verdicts=None if findings is None else findings["verdicts"],
        signs=None if findings is None else findings["signs"],
    )
