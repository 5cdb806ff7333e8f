import pytest
from pydantic import ValidationError

from rollbook.domain.erasure import ErasePersonalData, PersonalDataErased, person
from tests.support import spec

REFERENCE = "personal:00000000-0000-4000-8000-00000000000a"

# ErasePersonalData


def test_what_stands_behind_references_is_erased() -> None:
    spec.given().when(ErasePersonalData(references=(REFERENCE,), reason="asked to")).does(
        PersonalDataErased(references=(REFERENCE,), reason="asked to")
    )


def test_how_somebody_is_called_is_erased_for_the_registry_as_a_whole() -> None:
    wish = ErasePersonalData(references=(person("ada@example.org"),), reason="asked to")
    spec.given().when(wish, name="rollbook").does(
        PersonalDataErased(references=wish.references, reason="asked to")
    )
    assert "ada" not in wish.model_dump_json()
    assert "rollbook" in spec.given().when(wish, name="team").refuses("wrong_stream")


def test_a_reference_is_a_uuid_or_the_hash_of_a_subject() -> None:
    for wrong in (
        "person:ada",
        "person:" + "A" * 64,
        "personal:" + "-" * 36,
        "personal:" + "a" * 36,
        REFERENCE + "\n",
        "ada",
    ):
        with pytest.raises(ValidationError):
            ErasePersonalData(references=(wrong,), reason="asked to")
