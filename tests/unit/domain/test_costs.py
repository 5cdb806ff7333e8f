"""Costs: every byte is paid for once, by those who name it."""

from datetime import timedelta

import pytest
from hypothesis import given

from rollbook.domain.costs import NOBODY, Payer, Share, shares
from rollbook.domain.custody import Blob, Entry
from rollbook.domain.rulebook import Retention
from tests.unit.domain.test_custody import BLOBS, ENTRIES, SPACES, blob, entry, rulings

TEAMS = {"a/m": "alpha", "b/m": "beta"}


def test_shared_bytes_are_split_between_the_teams_that_name_them() -> None:
    entries = [entry(1, 1, 2), entry(1, 2, model="b/m"), entry(2, 2, model="b/m")]
    found = shares(rulings([blob(1), blob(2)], entries, {}), entries, TEAMS)
    assert found == {
        Payer("a", "alpha"): Share(standard=15, standard_after=15),
        Payer("b", "beta"): Share(standard=5, standard_after=5),
    }


def test_files_of_a_folder_are_paid_by_whoever_names_the_folder() -> None:
    entries = [entry(1, 1)]
    found = shares(rulings([blob(1, 5), blob(5)], entries, {}), entries, {})
    assert found == {Payer("a", NOBODY): Share(standard=20, standard_after=20)}


def test_what_nobody_names_is_nobodys_and_would_be_saved() -> None:
    found = shares(rulings([blob(1, archived=True)], [], {}), [], {})
    assert found == {Payer(NOBODY, NOBODY): Share(archive=10)}
    assert found[Payer(NOBODY, NOBODY)].saved(2.0, 0.5) == 5.0


def test_moving_to_the_archive_saves_the_difference() -> None:
    old = {"a": Retention(keep_last=0, archive_after=timedelta(days=1))}
    entries = [entry(1, 1)]
    share = shares(rulings([blob(1)], entries, old), entries, TEAMS)[Payer("a", "alpha")]
    assert share == Share(standard=10, archive_after=10)
    assert (share.month(2.0, 0.5), share.saved(2.0, 0.5)) == (20.0, 15.0)


@given(BLOBS, ENTRIES, SPACES)
def test_nothing_is_counted_twice_and_nothing_is_lost(
    blobs: list[Blob], entries: list[Entry], retentions: dict[str, Retention]
) -> None:
    found = shares(rulings(blobs, entries, retentions), entries, TEAMS).values()
    warm = sum(each.size for each in blobs if not each.archived)
    cold = sum(each.size for each in blobs if each.archived)
    assert sum(each.standard for each in found) == pytest.approx(warm)
    assert sum(each.archive for each in found) == pytest.approx(cold)
    after = sum(each.standard_after + each.archive_after for each in found)
    assert after <= warm + cold + 1e-6
