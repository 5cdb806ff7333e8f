"""What the validator can be told, by environment variables that begin with ROLLBOOK_."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, IPvAnyNetwork, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from rollbook.artifacts.places import checked_place
from rollbook.eventlog.voice import OwnToken

Place = Annotated[str, AfterValidator(checked_place)]
"""Of a store of artifacts."""


class ValidatorSettings(BaseSettings):
    """Settings of one validator process."""

    model_config = SettingsConfigDict(
        env_prefix="ROLLBOOK_", frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    kafka: str
    """Bootstrap servers, `host:port[,host:port]`."""
    app: str = "rollbook"
    """Prefix of the log's topics."""
    postgres: SecretStr
    """DSN of the read models; it may hold a password."""
    db_schema: str = Field(default="rollbook", validation_alias="ROLLBOOK_SCHEMA")
    """Where the read models stand in Postgres."""
    artifacts: Place | None = None
    """The registry's own store of artifacts: a folder, `s3://…`, `gs://…` or `az://…`."""
    artifacts_archive: Place | None = None
    """Its colder tier; part of the same store if not named."""
    validator_folders: tuple[Path, ...] = ()
    """Folders below which a `file:` address of an artifact may lead; a JSON list."""
    validator_networks: tuple[IPvAnyNetwork, ...] = ()
    """Private networks that webhooks and addresses of artifacts may lead into; a JSON list."""
    webhook_secret: SecretStr | None = Field(default=None, min_length=24)
    """With it, what is sent to webhooks is signed; without, gates by webhook cannot decide."""
    trusted_signers: Path | None = None
    """A folder of public keys and certificates in PEM: whose signatures count."""
    validator_every: timedelta = Field(
        default=timedelta(seconds=1), ge=timedelta(milliseconds=50), le=timedelta(days=1)
    )
    """How long it rests between two looks at what is due."""
    validator_parallel: int = Field(default=2, ge=1, le=64)
    """How many versions it looks at side by side."""
    validator_probes: int = Field(default=2, ge=1, le=64)
    """How many measurements it makes side by side."""
    validator_scratch: Path | None = None
    """Where it puts the bytes that it measures; the system's folder for such if not named."""
    validator_token: OwnToken | None = None
    """Its account's token, `rbk_rollbook_validator_…`, where the registry is secured."""
    token_secret: SecretStr | None = Field(default=None, min_length=32)
    """Secret that our own services share: lets it speak for itself where it has no token."""
