"""What the query service can be told, by environment variables that begin with ROLLBOOK_."""

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class QuerySettings(BaseSettings):
    """Settings of one query-service process."""

    model_config = SettingsConfigDict(env_prefix="ROLLBOOK_", frozen=True, populate_by_name=True)

    kafka: str
    """Bootstrap servers, `host:port[,host:port]`."""
    app: str = "rollbook"
    """Prefix of the log's topics."""
    postgres: SecretStr
    """DSN of the read models; it may hold a password."""
    db_schema: str = Field(default="rollbook", validation_alias="ROLLBOOK_SCHEMA")
    """Where the read models stand in Postgres."""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)
    """0 takes a free one."""
    answer_within: timedelta = timedelta(seconds=10)
    """How long a command's outcome is waited for."""
    read_within: timedelta = timedelta(seconds=5)
    """How long a read may take, and how long it waits for its `min_position`."""
    connections: int = Field(default=10, ge=1, le=500)
    """Connections to Postgres, at most."""
