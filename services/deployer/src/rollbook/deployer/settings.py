"""What the deployer can be told, by environment variables that begin with ROLLBOOK_."""

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from rollbook.eventlog.voice import OwnToken


class DeployerSettings(BaseSettings):
    """Settings of one deployer process."""

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
    deployer_every: timedelta = Field(
        default=timedelta(seconds=1), ge=timedelta(milliseconds=50), le=timedelta(days=1)
    )
    """How long it rests between two looks at the live rollouts."""
    deployer_token: OwnToken | None = None
    """Its account's token, `rbk_rollbook_deployer_…`, where the registry is secured."""
    token_secret: SecretStr | None = Field(default=None, min_length=32)
    """Secret that our own services share: lets it speak for itself where it has no token."""
