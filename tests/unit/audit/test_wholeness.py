"""The whole history of one stream: a thousand changes are found, and found where they are."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from rollbook.audit import wholeness
from rollbook.audit.__main__ import main
from rollbook.audit.bundle import Folder, Writer
from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.entry import Entry, canonical, document
from rollbook.audit.finding import Report
from rollbook.audit.heads import Head, Heads
from rollbook.audit.history import History
from rollbook.audit.merkle import Tree
from rollbook.audit.note import SigningKey
from rollbook.audit.verification import verify
from tests.unit.audit.logs import APP, KEY, PARTITIONS, Log, honest_log, linked, published

STREAM = b"team/model-3"
STRANGER = SigningKey("example.org/rollbook", bytes(32))


@pytest.fixture(scope="module")
def log() -> Log:
    return honest_log(rounds=24)


@pytest.fixture(scope="module")
def home(log: Log) -> int:
    return next(n for n, entries in enumerate(log) if any(e.key == STREAM for e in entries))


@pytest.fixture(scope="module")
def lines(log: Log, home: int) -> list[bytes]:
    return exported(log, home)


@pytest.fixture(scope="module")
def held(log: Log, home: int) -> list[str]:
    """What somebody outside has kept, of all partitions."""
    return list(published(log, (5, 10)).values())


def heads_at(entries: list[Entry], partition: int, size: int) -> dict[bytes, Head]:
    history = History(partition, PARTITIONS)
    for entry in entries[:size]:
        list(history.follow(entry))
    return dict(history.streams)


def exported(log: Log, home: int, *, stream: bytes = STREAM, tenths: int = 10) -> list[bytes]:
    """The file's lines as of the newest of the checkpoints that were published."""
    notes = {c: n for c, n in published(log).items() if c.partition == home}
    newest = max(
        (c for c in notes if c.size <= len(log[home]) * tenths // 10), key=lambda c: c.size
    )
    notes = {c: n for c, n in notes.items() if c.size <= newest.size}
    heads = heads_at(log[home], home, newest.size)
    tree = Tree(b"".join(entry.leaf() for entry in log[home]))
    events = [
        e for e in log[home][: newest.size] if e.key == stream and e.header("ce_prev") is not None
    ]
    signed = Heads.at(newest, heads, PARTITIONS).signed([KEY])
    return list(wholeness.written(stream, events, tree, heads, notes, newest, signed))


def check(lines: list[bytes], *held: str) -> Report:
    return wholeness.verify(lines, [KEY.verifier], held)


def codes(lines: list[bytes], *held: str) -> set[str]:
    return {finding.what for finding in check(lines, *held).findings}


def test_an_honest_history_is_whole(lines: list[bytes], held: list[str]) -> None:
    report = check(lines, *held)
    assert report.findings == []
    assert (report.records, report.streams, report.held) == (len(lines) - 1, 1, 2)
    assert report.records >= 8


def flip(lines: list[bytes], random: Random) -> int:
    at = random.randrange(1, len(lines))
    raw = bytearray(lines[at])
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    lines[at] = bytes(raw)
    return at


def flip_the_head(lines: list[bytes], random: Random) -> int:
    raw = bytearray(lines[0])
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    lines[0] = bytes(raw)
    return 0


def change_a_record(lines: list[bytes], random: Random) -> int:
    at = random.randrange(1, len(lines))
    found = document(lines[at])
    assert isinstance(found, dict)
    entry = Entry.of(found["record"])
    part = random.randrange(4)
    if part == 0:
        entry = replace(entry, value=(entry.value or b"") + b" ")
    elif part == 1:
        entry = replace(entry, timestamp=entry.timestamp + 1)
    elif part == 2:
        entry = replace(entry, offset=entry.offset + 1)
    else:
        name = random.choice(entry.headers)[0]
        headers = tuple((n, b"7" if n == name else v) for n, v in entry.headers)
        entry = replace(entry, headers=headers)
    lines[at] = canonical(found | {"record": entry.shaped()})
    return at


def drop(lines: list[bytes], random: Random) -> int:
    at = random.randrange(1, len(lines))
    del lines[at]
    return at


def insert(lines: list[bytes], random: Random) -> int:
    at = random.randrange(1, len(lines) + 1)
    lines.insert(at, random.choice(lines[1:]))
    return at


def reorder(lines: list[bytes], random: Random) -> int:
    one, other = sorted(random.sample(range(1, len(lines)), 2))
    lines[one], lines[other] = lines[other], lines[one]
    return one


def truncate(lines: list[bytes], random: Random) -> int:
    at = random.randrange(1, len(lines))
    del lines[at:]
    return at


def hide_by_links(lines: list[bytes], random: Random) -> int:
    """Take one event out and make numbers and links of the rest fit; the paths cannot be."""
    at = random.randrange(1, len(lines) - 1)
    found = [document(line) for line in lines[1:]]
    del found[at - 1]
    events = linked([Entry.of(one["record"]) for one in found])  # type: ignore[index]
    genuine = [Entry.of(one["record"]).offset for one in found]  # type: ignore[index]
    events = [replace(entry, offset=n) for entry, n in zip(events, genuine, strict=True)]
    lines[1:] = [
        canonical(one | {"record": entry.shaped()})  # type: ignore[operator]
        for one, entry in zip(found, events, strict=True)
    ]
    return at


WAYS = (
    flip,
    flip,
    flip_the_head,
    change_a_record,
    drop,
    insert,
    reorder,
    truncate,
    hide_by_links,
    change_a_record,
)


@pytest.mark.parametrize("hundred", range(10))
def test_each_of_a_hundred_changes_is_found_where_it_is(
    hundred: int, lines: list[bytes], held: list[str]
) -> None:
    random = Random(hundred)
    for number in range(100):
        change = WAYS[number % len(WAYS)]
        changed = list(lines)
        change(changed, random)
        if changed == lines:
            continue
        changed = b"".join(changed).splitlines(keepends=True)  # a flip may have made or cut lines
        same = [one == other for one, other in zip(changed, lines, strict=False)]
        at = same.index(False) if False in same else min(len(changed), len(lines))
        findings = check(changed, *held).findings
        assert findings, (change.__name__, at)
        if at:
            places = {finding.file for finding in findings}
            assert f"line {at + 1}" in places, (change.__name__, at, findings)


def test_an_event_of_another_stream_with_its_own_proof_is_found(
    log: Log, home: int, lines: list[bytes], held: list[str]
) -> None:
    other = next(e.key for e in log[home] if e.key not in {None, STREAM})
    assert other is not None
    strange = exported(log, home, stream=other)
    for at in range(1, min(len(lines), len(strange))):
        changed = [*lines[:at], strange[at], *lines[at + 1 :]]
        assert "stream" in codes(changed, *held)
    assert "truncated" in codes([lines[0], *strange[1:]], *held)


def test_an_older_file_is_not_taken_for_a_newer_one(
    log: Log, home: int, lines: list[bytes], held: list[str]
) -> None:
    older = exported(log, home, tenths=5)
    assert len(older) < len(lines)
    assert codes(older) == set()
    assert codes(older, *held) == {"uncompared"}
    head, old = document(lines[0]), document(older[0])
    assert isinstance(head, dict)
    assert isinstance(old, dict)
    mixed = canonical(head | {"heads": old["heads"], "place": old["place"], "path": old["path"]})
    assert "proof" in codes([mixed, *older[1:]], *held)


def test_a_history_that_was_signed_anew_is_not_what_others_hold(
    log: Log, home: int, held: list[str]
) -> None:
    events = [e for e in log[home] if e.key == STREAM and e.header("ce_prev") is not None]
    for genuine in (events[0], events[2], events[-1]):
        other = replace(genuine, value=(genuine.value or b"") + b" ")
        forged = [*log]
        forged[home] = linked([other if e == genuine else e for e in log[home]])
        found = exported(forged, home)
        assert codes(found) == set()
        assert codes(found, *held) & {"forked", "uncompared"}


def test_last_events_that_leave_one_out_are_found_by_whoever_has_all_records(
    log: Log, home: int, tmp_path: Path
) -> None:
    size = len(log[home])
    heads = heads_at(log[home], home, size)
    events = [e for e in log[home] if e.key == STREAM and e.header("ce_prev") is not None]
    tree = Tree(b"".join(entry.leaf() for entry in log[home]))
    checkpoint = Checkpoint(APP, home, size, tree.root())
    lie = {**heads, STREAM: Head(len(events) - 1, events[-2].link(), events[-2].offset)}
    for number, (told, wrong) in enumerate(((heads, set()), (lie, {"heads"}))):
        made = Heads.at(checkpoint, told, PARTITIONS)
        with Writer(tmp_path / str(number), APP, PARTITIONS) as writer:
            for partition, entries in enumerate(log):
                for entry in entries:
                    writer.add(partition, entry)
            notes = {made.file_name: made.signed([KEY])}
            writer.finish(published(log), [KEY.verifier], heads=notes)
        found = verify(Folder(tmp_path / str(number)), [KEY.verifier]).findings
        assert {finding.what for finding in found} == wrong


def test_a_note_of_heads_says_only_what_it_is_meant_to(log: Log, home: int) -> None:
    checkpoint = max((c for c in published(log) if c.partition == home), key=lambda c: c.size)
    made = Heads.at(checkpoint, heads_at(log[home], home, checkpoint.size), PARTITIONS)
    assert Heads.open(made.signed([KEY]), [KEY.verifier]) == made
    assert made.text.startswith(f"{APP}/heads/{home}\n{made.streams}\n")


def test_another_key_shows_nothing(lines: list[bytes]) -> None:
    found = wholeness.verify(lines, [STRANGER.verifier]).findings
    assert {finding.what for finding in found} == {"signature"}


def test_the_command_verifies_a_file_of_lines(
    lines: list[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "churn.jsonl"
    file.write_bytes(b"".join(lines))
    assert main(["verify", str(file), "--key", str(KEY.verifier)]) == 0
    file.write_bytes(b"".join(lines[:-1]))
    assert main(["verify", str(file), "--key", str(KEY.verifier)]) == 1
    assert f"line {len(lines)} team/model-3" in capsys.readouterr().out
