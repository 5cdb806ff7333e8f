"""How many refused logins of one peer are written to the log, so that nobody can flood it."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

BURST: Final = 50.0
"""Refusals of one peer that are recorded at once."""
EVERY: Final = 10.0
"""Seconds until one more is."""
ALL_BURST: Final = 200.0
ALL_EVERY: Final = 5.0
"""The same of all peers together."""
PEERS: Final = 10_000
"""Peers that are remembered; the one that was quiet for longest is forgotten first."""
LONGEST: Final = 16_384
"""Bytes of a command that is recorded for somebody who is not known."""


class Attempts:
    """Tokens that drip into a bucket for each peer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._all = (ALL_BURST, clock())

    def take(self, peer: str, size: int) -> bool:
        """Whether one more refusal of `peer`, a command of `size` bytes, is to be recorded."""
        if size > LONGEST:
            return False
        now = self._clock()
        name = _network(peer)
        left = _filled(self._buckets.pop(name, (BURST, now)), BURST, EVERY, now)
        everybody = _filled(self._all, ALL_BURST, ALL_EVERY, now)
        good = left >= 1 and everybody >= 1
        self._buckets[name] = (left - good, now)
        self._all = (everybody - good, now)
        if len(self._buckets) > PEERS:
            self._buckets.popitem(last=False)
        return good


def _filled(bucket: tuple[float, float], most: float, every: float, now: float) -> float:
    left, then = bucket
    return min(most, left + (now - then) / every)


def _network(peer: str) -> str:
    """The peer; of IPv6 its network, of which one host has all the addresses."""
    try:
        address = ip_address(peer)
    except ValueError:
        return peer
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> 64 << 64))
    return peer
