import asyncio

import pytest

from rollbook.cli.crew import Crashed, Crew


class Steady:
    """Serves until cancelled; writes down when it ends."""

    def __init__(self, name: str, ended: list[str]) -> None:
        self._name, self._ended = name, ended
        self.ready = False

    async def run(self) -> None:
        try:
            self.ready = True
            await asyncio.Event().wait()
        finally:
            self._ended.append(self._name)


class Failing:
    """Ends by itself, with an error or without."""

    ready = False

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    async def run(self) -> None:
        if self._error:
            raise self._error


async def test_a_crew_is_ready_when_all_are_and_stops_in_the_reverse_order() -> None:
    ended: list[str] = []
    crew = Crew({"command": Steady("command", ended), "query": Steady("query", ended)})
    assert crew.waiting_for == ["command", "query"]
    await asyncio.wait_for(crew.ready(), 5)
    assert await crew.stop() == []
    assert ended == ["query", "command"]


async def test_the_one_that_falls_is_named_with_its_reason() -> None:
    crew = Crew({"command": Steady("command", []), "projector": Failing(ValueError("no place"))})
    with pytest.raises(Crashed, match="the projector service stopped: ValueError: no place"):
        await asyncio.wait_for(crew.crash(), 5)
    await crew.stop()


async def test_ending_without_a_reason_is_a_crash_too() -> None:
    crew = Crew({"query": Failing(None)})
    with pytest.raises(Crashed, match="the query service stopped: it ended without saying why"):
        await asyncio.wait_for(crew.crash(), 5)
