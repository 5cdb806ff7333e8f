"""A pipeline that the settings do not name: perhaps those of tomorrow do."""

from datetime import timedelta
from typing import NoReturn

from rollbook.outbound.asking import Unsent
from rollbook.retrain.starters.shape import Order


class Unnamed:
    """Is never there."""

    settle = timedelta(0)

    def __init__(self, name: str) -> None:
        self._why = f"the settings of this service name no pipeline {name!r}"

    async def find(self, order: Order) -> NoReturn:
        """`Unsent`."""
        raise Unsent(self._why)

    async def start(self, order: Order) -> NoReturn:
        """`Unsent`."""
        raise Unsent(self._why)

    async def look(self, order: Order, run: str) -> NoReturn:
        """`Unsent`."""
        raise Unsent(self._why)

    async def stop(self, order: Order, run: str) -> NoReturn:
        """`Unsent`."""
        raise Unsent(self._why)
