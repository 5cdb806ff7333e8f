"""What the auditor can be told, by environment variables that begin with ROLLBOOK_."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _listed(given: object) -> object:
    if isinstance(given, str):
        return tuple(part for part in (each.strip() for each in given.split(",")) if part)
    return given


Urls: TypeAlias = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Paths: TypeAlias = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_listed)]


class AuditorSettings(BaseSettings):
    """Settings of one auditor process."""

    model_config = SettingsConfigDict(env_prefix="ROLLBOOK_", frozen=True, populate_by_name=True)

    kafka: str
    """Bootstrap servers, `host:port[,host:port]`."""
    app: str = "rollbook"
    """Prefix of the log's topics."""
    checkpoint_every: timedelta = Field(
        default=timedelta(hours=1), ge=timedelta(milliseconds=100), le=timedelta(days=31)
    )
    """How long it rests between two readings of the whole log."""
    checkpoint_to: Urls
    """Where checkpoints go, joined by commas: folders, `s3://…`, `gs://…`, `az://…`, and witnesses
    as `https://…`, each with `#` and its public key."""
    checkpoint_key: Paths
    """Files of the keys that sign, joined by commas; the first is the log's, the others are those
    that it follows or is followed by."""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not self.checkpoint_to or not self.checkpoint_key:
            raise ValueError("checkpoint_to and checkpoint_key must each name at least one")
        if all(url.startswith(("http://", "https://")) for url in self.checkpoint_to):
            raise ValueError("checkpoint_to must name a folder or an object store, too")
        return self
