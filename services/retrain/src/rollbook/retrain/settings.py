"""What the retrain service can be told, by environment variables that begin with ROLLBOOK_."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, IPvAnyNetwork, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from rollbook.eventlog.voice import OwnToken


class RetrainSettings(BaseSettings):
    """Settings of one retrain process."""

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
    retrain_pipelines: Path | None = None
    """A file of YAML that names the pipelines; without one, nothing can be trained anew."""
    retrain_networks: tuple[IPvAnyNetwork, ...] = ()
    """Private networks in which pipelines may be; a JSON list."""
    retrain_ca: Path | None = None
    """Certificates in PEM that the pipelines' servers are trusted by, in place of public ones."""
    retrain_runs: Path | None = None
    """Where commands of this machine keep their runs, and every retrain process must see the same;
    the system's folder for such if not named."""
    retrain_every: timedelta = Field(
        default=timedelta(seconds=2), ge=timedelta(milliseconds=50), le=timedelta(days=1)
    )
    """How long it rests between two looks at what is wished."""
    retrain_poll: timedelta = Field(
        default=timedelta(seconds=10), ge=timedelta(milliseconds=50), le=timedelta(days=1)
    )
    """How long it rests between two looks at a run."""
    retrain_grace: timedelta = Field(
        default=timedelta(minutes=1), ge=timedelta(0), le=timedelta(days=1)
    )
    """How long a run's candidate is waited for when the run has ended."""
    retrain_token: OwnToken | None = None
    """Its account's token, `rbk_rollbook_retrain_…`, where the registry is secured."""
    token_secret: SecretStr | None = Field(default=None, min_length=32)
    """Secret that our own services share: lets it speak for itself where it has no token."""
