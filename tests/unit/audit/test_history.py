"""The log's own rules, which hold whoever signs."""

from dataclasses import replace

import pytest

from rollbook.audit.entry import Entry
from rollbook.audit.finding import Finding
from rollbook.audit.history import History
from tests.unit.audit.logs import PARTITIONS, Log, honest_log


@pytest.fixture(scope="module")
def log() -> Log:
    return honest_log()


@pytest.fixture
def later(log: Log) -> int:
    """An event of partition 0 that is not the first of its stream."""
    return max(entry.offset for entry in log[0] if entry.header("ce_prev"))


def follow(entries: list[Entry], partition: int = 0) -> list[Finding]:
    history = History(partition, PARTITIONS)
    return [finding for entry in entries for finding in history.follow(entry)]


def told(entry: Entry, name: str, value: bytes | None) -> Entry:
    """The record with another value of a header, or without it."""
    kept = tuple((n, value if n == name else v) for n, v in entry.headers)
    return replace(entry, headers=tuple(h for h in kept if value is not None or h[0] != name))


def test_an_honest_log_keeps_every_rule(log: Log) -> None:
    assert [follow(entries, number) for number, entries in enumerate(log)] == [[], [], []]


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("ce_claim", b"999", "claim"),
        ("ce_claim", b"x", "header"),
        ("ce_claim", None, "header"),
        ("ce_time", b"2001-01-01T00:00:00+00:00", "time"),
        ("ce_time", b"2001-01-01T00:00:00", "header"),
        ("ce_cmdoffset", b"0", "command"),
        ("ce_seq", b"99", "seq"),
        ("ce_prev", b"0" * 64, "prev"),
    ],
)
def test_a_header_that_breaks_a_rule_is_found_at_its_record(
    log: Log, later: int, name: str, value: bytes | None, what: str
) -> None:
    entry = log[0][later]
    found = follow([*log[0][:later], told(entry, name, value), *log[0][later + 1 :]])
    assert (found[0].what, found[0].offset, found[0].models) == (what, later, (entry.model,))


def test_an_event_that_is_missing_is_seen_at_the_next_of_its_stream(log: Log, later: int) -> None:
    model = log[0][later].model
    first, second, *_ = (e for e in log[0] if e.model == model and e.header("ce_prev") is not None)
    found = follow([entry for entry in log[0] if entry != first])
    at_the_next = {f.what for f in found if (f.models, f.offset) == ((model,), second.offset)}
    assert at_the_next == {"seq", "prev"}


def test_a_stream_in_the_wrong_partition_is_found(log: Log) -> None:
    assert {finding.what for finding in follow(log[1], 0)} == {"partition"}
