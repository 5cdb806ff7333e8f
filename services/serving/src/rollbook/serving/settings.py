"""What the serving service can be told, by environment variables that begin with ROLLBOOK_."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, IPvAnyNetwork, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from rollbook.artifacts.places import checked_place
from rollbook.domain.names import EnvironmentName, Glob
from rollbook.probes.walls import Wall

Place = Annotated[str, AfterValidator(checked_place)]
"""Of a store of artifacts."""


class ServingSettings(BaseSettings):
    """Settings of one model server."""

    model_config = SettingsConfigDict(
        env_prefix="ROLLBOOK_", frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    kafka: str
    """Bootstrap servers, `host:port[,host:port]`."""
    app: str = "rollbook"
    """Prefix of the log's topics."""
    host: str = Field(default="127.0.0.1", validation_alias="ROLLBOOK_SERVING_HOST")
    port: int = Field(default=8090, ge=0, le=65_535, validation_alias="ROLLBOOK_SERVING_PORT")
    """For the Open Inference Protocol; 0: any that is free."""
    serving_environment: EnvironmentName = "production"
    """What stands there is served."""
    serving_ahead: tuple[Glob, ...] = ("*",)
    """Names of models that are loaded before anybody asks, `NAME` or `NAMESPACE.NAME`; a JSON list
    of patterns. Others are loaded when they are first asked for."""
    serving_folder: Path | None = None
    """Keeps artifacts, and what was served last, over restarts; the user's cache if not named."""
    artifacts: Place | None = None
    """The registry's own store of artifacts: a folder, `s3://…`, `gs://…` or `az://…`."""
    artifacts_archive: Place | None = None
    """Its colder tier; part of the same store if not named."""
    url: str | None = None
    """The registry, to fetch artifacts from where no store is named, and signatures."""
    token: SecretStr | None = None
    """Proves to the registry who asks."""
    serving_folders: tuple[Path, ...] = ()
    """Folders below which a `file:` address of an artifact may lead; a JSON list."""
    serving_networks: tuple[IPvAnyNetwork, ...] = ()
    """Private networks that addresses of artifacts may lead into; a JSON list."""
    trusted_signers: Path | None = None
    """A folder of public keys and certificates in PEM. If it is named, nothing is loaded that none
    of them has signed."""
    serving_walls: tuple[Wall, ...] = tuple(Wall)
    """Without these walls around its process no model is loaded; a JSON list."""
    serving_memory: int = Field(default=2_000_000_000, ge=10_000_000)
    """Bytes that one version may use."""
    serving_patience: timedelta = Field(default=timedelta(seconds=30), gt=timedelta(0))
    """How long a request may take, with loading the model where nobody has asked for it before."""
    serving_loading: timedelta = Field(default=timedelta(minutes=5), gt=timedelta(0))
    """How long loading a version may take."""
    serving_waiting: int = Field(default=1_000, ge=1)
    """Requests that may wait for one version; more are turned away."""
    serving_shadowed: int = Field(default=100, ge=0)
    """Copies of requests that may wait for a version that only sees them; more are dropped."""
    serving_body: int = Field(default=16_000_000, ge=1)
    """Bytes that a request may have."""
