"""What the notifier can be told, by environment variables that begin with ROLLBOOK_."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, IPvAnyNetwork, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class NotifierSettings(BaseSettings):
    """Settings of one notifier process."""

    model_config = SettingsConfigDict(
        env_prefix="ROLLBOOK_", frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    postgres: SecretStr
    """DSN of the read models; it may hold a password."""
    db_schema: str = Field(default="rollbook", validation_alias="ROLLBOOK_SCHEMA")
    """Where the read models stand in Postgres."""
    notifier_secret: SecretStr | None = Field(default=None, min_length=32)
    """What the secrets of all endpoints are made of; without it, no webhook is called."""
    notifier_places: Path | None = None
    """A file of YAML with addresses that are secrets: `name: {env: VARIABLE}` or `{file: …}`."""
    notifier_networks: tuple[IPvAnyNetwork, ...] = ()
    """Private networks in which endpoints may be; a JSON list."""
    notifier_smtp: str | None = None
    """Mail server, `host:port`; without one, no mail is sent."""
    notifier_smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    """How the way to it is encrypted."""
    notifier_smtp_user: str | None = None
    """By which name it knows us, where it asks for one."""
    notifier_smtp_password: SecretStr | None = None
    """By which password."""
    notifier_mail_from: str = "rollbook@localhost"
    """Who mail is from."""
    notifier_every: timedelta = Field(
        default=timedelta(seconds=1), ge=timedelta(milliseconds=50), le=timedelta(days=1)
    )
    """How long it rests between two looks at what has happened."""
    notifier_first_pause: timedelta = Field(
        default=timedelta(seconds=5), ge=timedelta(milliseconds=10), le=timedelta(hours=8)
    )
    """Before a message is sent again that was not taken; longer each time, up to 8 hours."""
    notifier_patience: timedelta = Field(
        default=timedelta(seconds=20), ge=timedelta(milliseconds=100), le=timedelta(seconds=45)
    )
    """How long an endpoint may take to answer."""
