import asyncio
import threading

import pytest

from rollbook.cli.racing import first, in_daemon


async def test_the_first_to_end_is_named_and_the_others_are_ended() -> None:
    ended: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("forever")

    assert await first(forever(), asyncio.sleep(0)) == 1
    assert ended == ["forever"]


async def test_what_the_first_raises_is_raised() -> None:
    async def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await first(asyncio.Event().wait(), fails())


async def test_what_a_thread_raises_is_raised_where_it_is_awaited() -> None:
    def work() -> None:
        raise ValueError(threading.current_thread().name)

    with pytest.raises(ValueError, match="story"):
        await in_daemon(work)
