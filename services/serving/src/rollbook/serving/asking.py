"""One request from end to end: who answers it, what is told of it, and who gets a copy."""

import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import uuid4

from rollbook.observability import metrics
from rollbook.serving.child import Answer, Full
from rollbook.serving.frames import Kind
from rollbook.serving.held import Held
from rollbook.serving.keeper import Keeper
from rollbook.serving.names import key_of
from rollbook.serving.routes import Draw
from rollbook.serving.shadowing import Shadows
from rollbook.telemetry.batch import Arm, Batches, Row

UNIT: Final = "x-rollbook-unit"
"""The header that says whom a request is for: a user, an account, a device."""
LONGEST: Final = 1_000
"""Characters of a unit or an id."""

RESULTS: Final = {Kind.ANSWERED: "answered", Kind.WRONG: "wrong", Kind.FAILED: "failed"}


class NothingThere(Exception):
    """There is no such model here, or no such version of it."""


class NotReady(Exception):
    """It is there, and does not answer in time."""


class Said(NamedTuple):
    """The answer, and who gave it."""

    answer: Answer
    version: int
    unit: str
    identity: str


class Desk:
    """Answers requests."""

    def __init__(self, keeper: Keeper, batches: Batches, shadows: Shadows) -> None:
        self._keeper = keeper
        self._batches = batches
        self._shadows = shadows

    async def infer(
        self, name: str, version: int | None, body: bytes, unit: str | None, identity: str | None
    ) -> Said:
        """What the version says that the unit is given, or the one that is named.

        `NothingThere`, `NotReady` or `Full`.
        """
        model = key_of(name)
        identity = identity or uuid4().hex
        unit = unit or identity
        draw = await self.drawn(model, version, unit)
        answer = await self._asked(model, draw, unit, identity, body)
        if version is None and (route := self._keeper.routes.get(model)) is not None:
            for other in route.shadows(identity):
                if other.held is not draw.held:
                    self._shadow(model, other, unit, identity, body)
        return Said(answer, draw.held.version, unit, identity)

    async def drawn(self, model: str, version: int | None, unit: str) -> Draw:
        """Who answers."""
        try:
            route = await self._keeper.route(model)
        except TimeoutError:
            raise NotReady(f"no version of {model} is ready") from None
        if route is not None and (why := route.failed) is not None:
            raise NotReady(f"no version of {model} can be held: {why}")
        if route is None:
            where = self._keeper.environment
            raise NothingThere(f"no version of {model} stands in {where}")
        if version is None:
            draw = route.draw(unit)
            if draw is None:
                raise NothingThere(f"no version of {model} stands here any more")
            return draw
        found = next((one for one in route.held if one.version == version), None)
        if found is None:
            raise NothingThere(f"version {version} of {model} is not held here")
        return Draw(found, None, None)

    async def _asked(
        self, model: str, draw: Draw, unit: str, identity: str, body: bytes, *, shadow: bool = False
    ) -> Answer:
        began, moment = time.perf_counter(), time.time_ns() // 1_000_000
        held, took = draw.held, 0.0
        arm = Arm(model, self._keeper.environment, held.version, draw.rollout, draw.step, shadow)

        def seen(told: Mapping[str, Any]) -> None:
            for row in rows(told, moment, unit, identity, took):
                self._batches.add(arm, row)

        try:
            answer = await held.ask(identity, body, seen)
        except (TimeoutError, Full) as error:
            self._failed(arm, held, moment, unit, identity, began)
            if isinstance(error, Full):
                raise
            raise NotReady(f"version {held.version} of {model} did not answer in time") from None
        took = (time.perf_counter() - began) * 1000
        metrics.SERVING_REQUESTS.labels(model, held.version, RESULTS[answer.kind]).inc()
        if answer.kind is Kind.FAILED:
            self._failed(arm, held, moment, unit, identity, began)
        return answer

    def _failed(
        self, arm: Arm, held: Held, moment: int, unit: str, identity: str, began: float
    ) -> None:
        took = (time.perf_counter() - began) * 1000
        self._batches.add(arm, Row(moment, identity, unit, took, error=True))

    def _shadow(self, model: str, draw: Draw, unit: str, identity: str, body: bytes) -> None:
        async def ask() -> None:
            try:
                await self._asked(model, draw, unit, identity, body, shadow=True)
            except NotReady:
                raise TimeoutError from None

        self._shadows.send(ask)


def rows(told: Mapping[str, Any], moment: int, unit: str, identity: str, took: float) -> list[Row]:
    """What telemetry is told of a request: a row for each of its rows, as far as they were seen."""
    predictions, features = told["predictions"], told["features"]
    count = max(len(predictions), 1)
    return [
        Row(
            time=moment,
            id=identity if told["rows"] <= 1 else f"{identity}/{place}",
            unit=unit,
            latency=took,
            prediction=predictions[place] if place < len(predictions) else None,
            features={
                name: column[place] for name, column in features.items() if place < len(column)
            },
        )
        for place in range(count)
    ]
