import pytest
from pydantic import ValidationError

from rollbook.command.settings import CommandSettings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA", "APP", "INSTANCE", "TOKEN_SECRET", "PARTITIONS", "ADMINS"):
        monkeypatch.delenv(f"ROLLBOOK_{name}", raising=False)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_KAFKA", "kafka:9092")
    monkeypatch.setenv("ROLLBOOK_SESSION", "PT10S")
    settings = CommandSettings()
    assert settings.kafka == "kafka:9092"
    assert settings.session.total_seconds() == 10


def test_a_missing_kafka_is_named() -> None:
    with pytest.raises(ValidationError, match="kafka"):
        CommandSettings()


def test_a_secret_that_is_too_short_is_refused_and_never_shown() -> None:
    with pytest.raises(ValidationError, match="token_secret"):
        CommandSettings(kafka="k:1", token_secret="short")
    secret = "s3cret" * 8
    assert secret not in repr(CommandSettings(kafka="k:1", token_secret=secret))


@pytest.mark.parametrize("partitions", [0, -1, 10_001])
def test_a_number_of_partitions_has_its_bounds(partitions: int) -> None:
    with pytest.raises(ValidationError, match="partitions"):
        CommandSettings(kafka="k:1", partitions=partitions)


def test_settings_cannot_be_changed() -> None:
    settings = CommandSettings(kafka="k:1")
    with pytest.raises(ValidationError, match="frozen"):
        settings.kafka = "other"  # type: ignore[misc]


def test_administrators_are_joined_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_ADMINS", "anna@example.com, account:ops/root,")
    settings = CommandSettings(kafka="k:1")
    assert settings.admins == ("anna@example.com", "account:ops/root")


def test_the_administrator_s_key_is_a_key() -> None:
    with pytest.raises(ValidationError, match="admin_public_key"):
        CommandSettings(kafka="k:1", admin_public_key="é")
    with pytest.raises(ValidationError, match="admin_public_key"):
        CommandSettings(kafka="k:1", admin_public_key="abcd")
