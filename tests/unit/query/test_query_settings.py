import pytest
from pydantic import SecretStr, ValidationError

from rollbook.query.identity import of_settings
from rollbook.query.settings import QuerySettings
from rollbook.query.tables import Tables

NEEDED = {"kafka": "k:1", "postgres": SecretStr("postgresql://h/d")}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN_SECRET", "ADMINS", "ADMIN_PUBLIC_KEY", "OIDC_ISSUER"):
        monkeypatch.delenv(f"ROLLBOOK_{name}", raising=False)


def test_without_a_secret_the_registry_is_open() -> None:
    settings = QuerySettings.model_validate(NEEDED)
    tables = Tables(
        settings.postgres, settings.db_schema, within=settings.read_within, connections=1
    )
    assert of_settings(settings, tables) is None


def test_a_provider_without_a_secret_would_protect_nothing() -> None:
    with pytest.raises(ValidationError, match="needs token_secret"):
        QuerySettings.model_validate({**NEEDED, "oidc_issuer": "https://id.example"})


def test_a_provider_that_could_be_listened_to_is_refused() -> None:
    with pytest.raises(ValidationError, match="https"):
        QuerySettings.model_validate(
            {**NEEDED, "token_secret": "s" * 32, "oidc_issuer": "http://id.example"}
        )


def test_the_secret_is_never_shown() -> None:
    secret = "s3cret" * 8
    assert secret not in repr(QuerySettings.model_validate({**NEEDED, "token_secret": secret}))
