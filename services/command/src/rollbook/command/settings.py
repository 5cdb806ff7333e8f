"""What the command service can be told, by environment variables that begin with ROLLBOOK_."""

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from rollbook.domain.grants import PublicKey
from rollbook.identity.trust import Subjects


class CommandSettings(BaseSettings):
    """Settings of one command-service process."""

    model_config = SettingsConfigDict(env_prefix="ROLLBOOK_", frozen=True)

    kafka: str
    """Bootstrap servers, `host:port[,host:port]`."""
    app: str = "rollbook"
    """Names the consumer group and the writers; services of one log share it."""
    instance: str | None = None
    """A stable name that lets a restart keep its partitions at once."""
    session: timedelta = Field(
        default=timedelta(seconds=30), ge=timedelta(seconds=1), lt=timedelta(seconds=40)
    )
    """How long a silent instance keeps its partitions."""
    partitions: int = Field(default=4, ge=1, le=10_000)
    """Partitions of a new log; an existing one keeps its own."""
    replication: int = Field(default=1, ge=1, le=9)
    snapshot_every: int = Field(default=50_000, ge=1)
    """Events of a partition between two snapshots."""
    token_secret: SecretStr | None = Field(default=None, min_length=32)
    """Secret that our own services share; without one the registry is open: all may do all."""
    admins: Subjects = ()
    """Who may do everything, joined by commas: subjects, such as `anna@example.com`."""
    admin_public_key: PublicKey | None = None
    """Its holder is `account:rollbook/admin` and may do everything, before anything was granted."""
    statement_lives: timedelta = Field(default=timedelta(days=1), gt=timedelta(0))
    """How long a statement that goes with a command on Kafka may be good, at most."""
