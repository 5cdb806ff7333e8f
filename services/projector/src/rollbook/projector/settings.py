"""What the projector can be told, by environment variables that begin with ROLLBOOK_."""

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ProjectorSettings(BaseSettings):
    """Settings of one projector process."""

    model_config = SettingsConfigDict(env_prefix="ROLLBOOK_", frozen=True, populate_by_name=True)

    kafka: str
    """Bootstrap servers, `host:port[,host:port]`."""
    app: str = "rollbook"
    """Prefix of the log's topics."""
    postgres: SecretStr
    """DSN of the read models; it may hold a password."""
    db_schema: str = Field(default="rollbook", validation_alias="ROLLBOOK_SCHEMA")
    """Where the read models stand in Postgres."""
    batch: int = Field(default=2_000, ge=1, le=100_000)
    """Records written in one transaction, at most."""
    write_within: timedelta = timedelta(seconds=60)
    """How long a transaction may take; a frozen projector keeps another one out for no longer."""
