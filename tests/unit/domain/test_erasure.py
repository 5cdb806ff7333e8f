import pytest
from pydantic import ValidationError

from rollbook.domain.erasure import ErasePersonalData, PersonalDataErased
from tests.support import spec

REFERENCE = "personal:00000000-0000-4000-8000-00000000000a"

# ErasePersonalData


def test_what_stands_behind_references_is_erased() -> None:
    spec.given().when(ErasePersonalData(references=(REFERENCE,), reason="asked to")).does(
        PersonalDataErased(references=(REFERENCE,), reason="asked to")
    )


def test_a_reference_is_a_uuid() -> None:
    for wrong in ("personal:" + "-" * 36, "personal:" + "a" * 36, REFERENCE + "\n", "ada"):
        with pytest.raises(ValidationError):
            ErasePersonalData(references=(wrong,), reason="asked to")
