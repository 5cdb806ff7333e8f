"""Custody: what is needed never goes, whatever retention says; what nobody names does."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.custody import (
    GRACE,
    Action,
    Blob,
    Custody,
    Entry,
    Need,
    Ruling,
    of_versions,
)
from rollbook.domain.rulebook import Retention

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1000)
STRICT = Retention(
    keep_last=0, archive_after=timedelta(seconds=1), delete_after=timedelta(seconds=1)
)


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def entry(version: int = 1, *numbers: int, model: str = "a/m", **known: Any) -> Entry:
    digests = frozenset(map(digest, numbers or (version,)))
    known = {"registered_at": LONG_AGO, **known}
    return Entry(model=model, version=version, digests=digests, **known)


def blob(number: int, *files: int, at: datetime = LONG_AGO, archived: bool = False) -> Blob:
    inside = frozenset(map(digest, files))
    return Blob(digest=digest(number), size=10, at=at, archived=archived, files=inside)


def rulings(
    blobs: Collection[Blob], entries: Iterable[Entry], retentions: Mapping[str, Retention]
) -> list[Ruling]:
    custody = Custody(entries, retentions, NOW)
    for each in blobs:
        custody.note(each)
    return [custody.ruling(each) for each in blobs]


def ruled(
    blobs: Iterable[Blob], *entries: Entry, retention: Retention = STRICT
) -> dict[str, Ruling]:
    spaces = {known.model.partition("/")[0]: retention for known in entries}
    return {each.blob.digest: each for each in rulings(list(blobs), entries, spaces)}


def action(of: Blob, *entries: Entry, retention: Retention = STRICT) -> Action:
    return ruled([of], *entries, retention=retention)[of.digest].action


def test_what_no_version_names_is_deleted_after_a_day() -> None:
    assert action(blob(1)) is Action.DELETE
    assert action(blob(1, at=NOW - GRACE)) is Action.DELETE
    assert action(blob(1, at=NOW - GRACE + timedelta(seconds=1))) is Action.KEEP


def test_without_a_retention_everything_that_has_a_version_stays() -> None:
    kept = entry(archived_at=LONG_AGO)
    assert action(blob(1), kept, retention=Retention(keep_last=0)) is Action.KEEP


def test_an_archived_version_loses_its_bytes_when_its_time_is_up() -> None:
    retention = Retention(keep_last=0, delete_after=timedelta(days=10))
    due = entry(archived_at=NOW - timedelta(days=10))
    early = entry(archived_at=NOW - timedelta(days=9))
    assert action(blob(1), due, retention=retention) is Action.DELETE
    assert action(blob(1), early, retention=retention) is Action.KEEP
    assert action(blob(1), entry(), retention=retention) is Action.KEEP
    assert action(blob(1, at=NOW), due, retention=retention) is Action.KEEP


def test_an_old_version_moves_to_the_archive_and_stays_there() -> None:
    assert action(blob(1), entry()) is Action.ARCHIVE
    assert action(blob(1, archived=True), entry()) is Action.KEEP
    assert action(blob(1), entry(registered_at=NOW)) is Action.KEEP


def test_the_newest_versions_stay_where_they_are() -> None:
    retention = STRICT.model_copy(update={"keep_last": 2})
    entries = [entry(n, archived_at=LONG_AGO) for n in (1, 2, 3)]
    found = ruled(map(blob, (1, 2, 3)), *entries, retention=retention)
    assert [found[digest(n)].action for n in (1, 2, 3)] == [
        Action.DELETE,
        Action.KEEP,
        Action.KEEP,
    ]


def test_what_serves_or_is_asked_for_is_taken_out_of_the_archive() -> None:
    for known in ({"environments": ("production",)}, {"aliases": ("champion",)}, {"asked": (1,)}):
        assert action(blob(1), entry(**known)) is Action.KEEP
        assert action(blob(1, archived=True), entry(**known)) is Action.RESTORE


def test_what_is_held_is_not_even_moved() -> None:
    for archived in (False, True):
        held = entry(hold="case 7", archived_at=LONG_AGO, environments=("production",))
        found = ruled([blob(1, archived=archived)], held)[digest(1)]
        assert (found.action, found.reason) == (Action.KEEP, "a/m@1 is under legal hold: case 7")


def test_of_a_model_whose_tables_stand_still_nothing_is_touched() -> None:
    assert action(blob(1), entry(unclear="offset 3", archived_at=LONG_AGO)) is Action.KEEP


def test_bytes_that_another_version_needs_stay_and_say_for_whom() -> None:
    gone = entry(1, 7, archived_at=LONG_AGO)
    serving = entry(1, 7, model="b/other", environments=("production",))
    found = ruled([blob(7)], gone, serving)[digest(7)]
    assert (found.action, found.reason) == (Action.KEEP, "b/other@1 serves in production")


def test_what_a_version_that_stays_was_made_from_stays_too() -> None:
    base = entry(1, archived_at=LONG_AGO, model="a/base")
    middle = entry(2, archived_at=LONG_AGO, model="a/middle", parents=(("a/base", 1),))
    serving = entry(3, model="a/top", environments=("production",), parents=(("a/middle", 2),))
    found = ruled(map(blob, (1, 2, 3)), base, middle, serving)
    assert {each.action for each in found.values()} == {Action.KEEP}
    assert found[digest(1)].reason == "a/base@1 is what a/middle@2 was made from"
    assert ruled([blob(1)], base, middle)[digest(1)].action is Action.DELETE


def test_parents_in_a_circle_keep_nobody_alive() -> None:
    one = entry(1, archived_at=LONG_AGO, parents=(("a/m", 2), ("a/gone", 9)))
    two = entry(2, archived_at=LONG_AGO, parents=(("a/m", 1),))
    assert {r.action for r in ruled(map(blob, (1, 2)), one, two).values()} == {Action.DELETE}


def test_files_go_and_stay_with_the_folders_that_they_are_in() -> None:
    blobs = [blob(1, 10, 11), blob(2, 11, 12), blob(10), blob(11), blob(12)]
    serving = entry(1, environments=("production",))
    gone = entry(2, archived_at=LONG_AGO)
    found = ruled(blobs, serving, gone)
    going = {known for known, each in found.items() if each.action is Action.DELETE}
    assert going == {digest(2), digest(12)}


def test_files_of_a_folder_that_has_just_come_stay() -> None:
    found = ruled([blob(1, 10, at=NOW), blob(10)])
    assert {each.action for each in found.values()} == {Action.KEEP}


def test_a_folder_that_was_claimed_again_saves_its_files() -> None:
    custody = Custody((), {}, NOW)
    folder, file = blob(1, 10), blob(10)
    custody.note(folder)
    assert custody.ruling(file).action is Action.DELETE
    custody.note(blob(1, 10, at=NOW))
    assert custody.ruling(file).action is Action.KEEP


NUMBERS = st.integers(0, 5)
SPANS = st.none() | st.timedeltas(timedelta(seconds=1), timedelta(days=2000))
RETENTIONS = st.builds(
    Retention, keep_last=st.integers(0, 3), archive_after=SPANS, delete_after=SPANS
)
TIMES = st.timedeltas(timedelta(0), timedelta(days=2000)).map(lambda before: NOW - before)
MODELS = st.sampled_from(("a/m", "a/n", "b/m"))
VERSIONS = st.tuples(MODELS, st.integers(1, 4))
ENTRIES = st.lists(
    st.builds(
        lambda key, **known: Entry(model=key[0], version=key[1], **known),
        VERSIONS,
        digests=st.frozensets(NUMBERS.map(digest), max_size=2),
        registered_at=TIMES,
        archived_at=st.none() | TIMES,
        aliases=st.sampled_from(((), (), ("champion",))),
        environments=st.sampled_from(((), (), ("production",))),
        asked=st.sampled_from(((), (), (4,))),
        hold=st.sampled_from((None, None, "case")),
        unclear=st.sampled_from((None, None, None, "stands still")),
        parents=st.lists(VERSIONS, max_size=2).map(tuple),
    ),
    max_size=8,
    unique_by=lambda known: known.key,
)
BLOBS = st.lists(
    st.builds(
        Blob,
        digest=NUMBERS.map(digest),
        size=st.integers(0, 9),
        at=TIMES,
        archived=st.booleans(),
        files=st.frozensets(NUMBERS.map(digest), max_size=2),
    ),
    unique_by=lambda known: known.digest,
)
SPACES = st.fixed_dictionaries({"a": RETENTIONS, "b": RETENTIONS})


@given(BLOBS, ENTRIES, SPACES)
def test_nothing_that_is_needed_ever_goes(
    blobs: list[Blob], entries: list[Entry], retentions: dict[str, Retention]
) -> None:
    found = {r.blob.digest: r for r in rulings(blobs, entries, retentions)}
    inside = {held.digest: held.files for held in blobs}
    assert len(found) == len(blobs)
    for known in entries:
        mine = {*known.digests, *(file for d in known.digests for file in inside.get(d, ()))}
        for each in [found[d] for d in mine if d in found]:
            if known.hold or known.unclear:
                assert each.action is Action.KEEP
            if known.aliases or known.environments or known.asked:
                assert each.action in {Action.KEEP, Action.RESTORE}
            newer = [e for e in entries if e.model == known.model and e.version > known.version]
            if len(newer) < retentions[known.model[0]].keep_last:
                assert each.action in {Action.KEEP, Action.RESTORE}
            if known.archived_at is None or retentions[known.model[0]].delete_after is None:
                assert each.action is not Action.DELETE
    for each in found.values():
        assert each.action is not Action.DELETE or NOW - each.blob.at >= GRACE
        assert each.reason


@given(ENTRIES, SPACES)
def test_what_a_needed_version_was_made_from_never_goes(
    entries: list[Entry], retentions: dict[str, Retention]
) -> None:
    needs = of_versions(entries, retentions, NOW)
    for known in entries:
        for parent in known.parents:
            if parent in needs:
                assert needs[parent].need >= min(needs[known.key].need, Need.THERE)


@given(BLOBS, ENTRIES, SPACES)
def test_a_hold_only_ever_saves(
    blobs: list[Blob], entries: list[Entry], retentions: dict[str, Retention]
) -> None:
    def going(of: list[Entry]) -> set[str]:
        found = rulings(blobs, of, retentions)
        return {each.blob.digest for each in found if each.action is Action.DELETE}

    before = going(entries)
    for nth, known in enumerate(entries):
        held = [*entries[:nth], replace(known, hold="case"), *entries[nth + 1 :]]
        assert going(held) <= before - known.digests
