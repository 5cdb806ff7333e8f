from datetime import timedelta

import pytest
from pydantic import ValidationError

from rollbook.domain.retention import RetentionSet, SetRetention
from rollbook.domain.rulebook import Retention
from tests.support import spec

LONG = Retention(keep_last=10, archive_after=timedelta(days=90))
SET = SetRetention(retention=LONG)

# SetRetention


def test_a_namespace_says_how_long_artifacts_are_kept() -> None:
    event = RetentionSet(version=1, retention=LONG)
    spec.given().when(SET).does(event)
    assert spec.govern(event).retention == LONG


def test_saying_it_again_stays_quiet() -> None:
    spec.given(RetentionSet(version=1, retention=LONG)).when(SET).stays_quiet(version=1)


def test_a_span_must_be_one() -> None:
    with pytest.raises(ValidationError, match="archive_after"):
        Retention(archive_after=timedelta(0))
