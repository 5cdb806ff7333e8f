"""Validators are killed at any moment: every occasion has exactly one verdict, none is lost."""

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from time import monotonic, sleep

import pytest

from tests.integration.query.system import Caller, until
from tests.integration.validator import asked as webhooks
from tests.integration.validator.asked import Asked
from tests.integration.validator.checking import (
    ACCURATE,
    VERDICTS,
    Tables,
    register,
    save,
    settled,
    verdicts,
)
from tests.integration.validator.killable import forked

VERSIONS = 24

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with webhooks.asked() as started:
        started.seconds = 0.1  # so that there is something to break off
        yield started


class Killing:
    """Kills validators while a number of verdicts is still to come."""

    def __init__(self, tables: Tables, caller: Caller, asked: Asked, chance: Random) -> None:
        self._caller, self._asked, self._chance = caller, asked, chance
        self._told = tables.told(validator_networks=["127.0.0.0/8"], webhook_secret=webhooks.SECRET)
        self._next = 0.0
        self.kills: Counter[str] = Counter()

    def until(self, count: int, kills: int) -> None:
        """Kill so often, or until all is said; then let one come to the end."""
        moments = self.measuring, self.sending, self.telling, self.whenever
        for moment in self._chance.choices(moments, k=kills):
            self._asked.released.set()
            with forked(self._told):
                moment(count)
            if len(verdicts(self._caller)) >= count:
                break
            self.kills[moment.__name__] += 1
        self._asked.released.set()
        with forked(self._told):
            settled(self._caller, count, seconds=120)

    def measuring(self, count: int) -> None:
        """Somebody waits for a measurement, which does not come."""
        self._asked.released.clear()
        self._grown(lambda: len(self._asked.heard), count)

    def sending(self, count: int) -> None:
        """What was measured is known, and the verdict is on its way: or not yet, or no more."""
        self._grown(lambda: self._asked.answered, count)
        sleep(self._chance.uniform(0, 0.05))

    def telling(self, count: int) -> None:
        """The tables have just heard of a verdict."""
        self._grown(lambda: last(self._caller), count)

    def whenever(self, count: int) -> None:
        """Some time after it has begun to work."""
        self._grown(lambda: len(self._asked.heard), count)
        sleep(self._chance.uniform(0, 0.3))

    def _grown(self, size: Callable[[], int], count: int) -> None:
        before = size()
        until(lambda: size() > before or self._over(count))

    def _over(self, count: int) -> bool:
        """Whether all is said, and nothing will grow any more: looked at now and then."""
        if monotonic() < self._next:
            return False
        self._next = monotonic() + 0.5
        return len(verdicts(self._caller)) >= count


def last(caller: Caller) -> int:
    """The offset of the newest verdict among the newest records; 0: of none."""
    items = caller.read("/history", limit=5, order="newest").json()["items"]
    found = [item["position"] for item in items if item["type"] in VERDICTS]
    return max((int(position.rpartition(":")[2]) for position in found), default=0)


def counted(caller: Caller) -> Counter[tuple[int, str]]:
    """How many verdicts there are about each version, by the policies of their time."""
    return Counter((v["data"]["version"], v["data"]["policy"]) for v in verdicts(caller))


def test_killed_again_and_again_every_occasion_has_its_one_verdict(
    tables: Tables, caller: Caller, asked: Asked
) -> None:
    killing = Killing(tables, caller, asked, Random(5))
    gates = ACCURATE, asked.gate("late", retries=0)
    every = range(1, VERSIONS + 1)

    save(caller, *gates)
    for number in every:
        register(caller, number)
    killing.until(VERSIONS, kills=9)
    once = dict.fromkeys(((number, "release@1") for number in every), 1)
    assert counted(caller) == once

    save(caller, ACCURATE | {"least": 0.8}, *gates[1:], revalidate="all")
    killing.until(2 * VERSIONS, kills=4)
    again = dict.fromkeys(((number, "release@2") for number in every), 1)
    assert counted(caller) == once | again

    for number in every:
        caller.done("StartValidation", {"version": number})
    killing.until(3 * VERSIONS, kills=4)
    assert sum(killing.kills.values()) > 8, killing.kills

    register(caller, VERSIONS + 1)  # whoever comes next finds that all else was said
    with forked(tables.told(validator_networks=["127.0.0.0/8"], webhook_secret=webhooks.SECRET)):
        settled(caller, 3 * VERSIONS + 1)
    newest = {(VERSIONS + 1, "release@2"): 1}
    assert counted(caller) == once | dict.fromkeys(again, 2) | newest
    assert {item["type"] for item in verdicts(caller)} == {"VersionValidated"}
