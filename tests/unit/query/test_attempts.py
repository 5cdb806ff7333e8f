from rollbook.query.attempts import (
    ALL_BURST,
    BURST,
    EVERY,
    LONGEST,
    PEERS,
    Attempts,
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def recorded(attempts: Attempts, peer: str, times: int) -> int:
    return sum(attempts.take(peer, 100) for _ in range(times))


def test_a_peer_s_refusals_are_recorded_up_to_a_number() -> None:
    attempts = Attempts(Clock())
    assert recorded(attempts, "10.0.0.1", 500) == BURST
    assert recorded(attempts, "10.0.0.2", 5) == 5


def test_a_peer_is_forgiven_with_time() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    recorded(attempts, "10.0.0.1", 500)
    clock.now += EVERY
    assert recorded(attempts, "10.0.0.1", 5) == 1


def test_many_peers_together_flood_nothing() -> None:
    attempts = Attempts(Clock())
    assert sum(recorded(attempts, f"10.0.{n}.1", 10) for n in range(100)) == ALL_BURST


def test_one_host_s_many_addresses_are_one_peer() -> None:
    attempts = Attempts(Clock())
    assert sum(recorded(attempts, f"2001:db8::{n:x}", 1) for n in range(200)) == BURST
    assert recorded(attempts, "2001:db8:0:1::1", 1) == 1


def test_what_is_long_is_never_recorded_for_somebody_unknown() -> None:
    assert not Attempts(Clock()).take("10.0.0.1", LONGEST + 1)


def test_not_every_peer_is_remembered() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for number in range(PEERS + 50):
        attempts.take(f"peer {number}", 1)
    assert len(attempts._buckets) == PEERS
