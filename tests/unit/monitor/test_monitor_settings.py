from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from rollbook.domain.access import Principal
from rollbook.domain.messages import Refused
from rollbook.domain.tenancy import Role
from rollbook.identity.accounts import mint
from rollbook.identity.statement import About, Verifier
from rollbook.monitor.effects import voice as voice_of
from rollbook.monitor.settings import MonitorSettings

WHERE = {"kafka": "broker:9092", "postgres": "postgresql://db/rollbook"}


def settings(**more: object) -> MonitorSettings:
    return MonitorSettings.model_validate({**WHERE, **more})


def test_it_looks_every_five_seconds_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings().monitor_every == timedelta(seconds=5)
    monkeypatch.setenv("ROLLBOOK_MONITOR_EVERY", "PT30S")
    assert settings().monitor_every == timedelta(seconds=30)


@pytest.mark.parametrize("token", ["rbk_rollbook_monitor_tooshort", "a.jwt.token"])
def test_a_malformed_token_is_refused_and_not_told(token: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(monitor_token=token)
    assert token not in str(caught.value)


def test_it_speaks_as_the_account_of_its_token() -> None:
    token = mint("rollbook", "warden")
    voice = voice_of(settings(monitor_token=token.reveal(), token_secret="s" * 32))
    assert voice.subject == "account:rollbook/warden"
    assert voice.sign is not None


def test_by_the_services_secret_it_speaks_for_itself_as_a_validator_only() -> None:
    voice = voice_of(settings(token_secret="s" * 32))
    assert voice.sign is not None
    statement = voice.sign("an id", "a digest")
    verifier, now = Verifier.of("s" * 32), datetime.now(UTC)
    about = About("rollbook", "an id", "a digest")
    assert verifier.principal(statement, about, lambda *_: None, now) == Principal(
        "account:rollbook/monitor", limit=frozenset({Role.VALIDATOR}), everything=True
    )
    with pytest.raises(Refused, match="another command"):
        verifier.principal(statement, about._replace(digest="b"), lambda *_: None, now)


def test_an_open_registry_gets_no_statement() -> None:
    voice = voice_of(settings())
    assert (voice.subject, voice.sign) == ("account:rollbook/monitor", None)
