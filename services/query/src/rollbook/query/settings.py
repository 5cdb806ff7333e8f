"""What the query service can be told, by environment variables that begin with ROLLBOOK_."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rollbook.artifacts.places import checked_place
from rollbook.domain.grants import PublicKey
from rollbook.identity.oidc import Url
from rollbook.identity.trust import Subjects

Place = Annotated[str, AfterValidator(checked_place)]
"""Of a store of artifacts."""


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
    streams: int = Field(default=2000, ge=0)
    """Streams of events that are open at once, at most."""
    streams_each: int = Field(default=100, ge=0)
    """The same for each caller, where it is known who calls."""
    heartbeat: timedelta = Field(default=timedelta(seconds=15), gt=timedelta(0))
    """How long a stream of events is silent before it says that it is still there."""
    stalled: timedelta = Field(default=timedelta(seconds=30), gt=timedelta(0))
    """How long a subscriber may take nothing before its stream is closed."""
    artifacts: Place | None = None
    """The registry's own store of artifacts: a folder, `s3://…`, `gs://…` or `az://…`."""
    artifacts_archive: Place | None = None
    """A store for what is archived; without it, the prefix `archive/` of the other one."""
    artifact_limit: int = Field(default=5 << 40, gt=0)
    """Bytes of one artifact, at most."""
    artifact_urls: timedelta = Field(default=timedelta(hours=1), gt=timedelta(0))
    """How long a signed URL may be used."""
    token_secret: SecretStr | None = Field(default=None, min_length=32)
    """Secret that our own services share; without one the registry is open: all may do all."""
    admins: Subjects = ()
    """Who may do everything, joined by commas: subjects, such as `anna@example.com`."""
    admin_public_key: PublicKey | None = None
    """Its holder is `account:rollbook/admin` and may do everything, before anything was granted."""
    oidc_issuer: Url | None = None
    """Identity provider of people, exactly as their tokens' `iss` has it; needs a token secret."""
    oidc_audience: str = Field(default="rollbook", min_length=1)
    """What people's tokens must name in `aud`."""
    oidc_keys: str | None = None
    """Its keys (JWKS): a URL or the path of a file; without it they are discovered."""
    oidc_subject_claim: str = "sub"
    """The claim that says who somebody is; what is granted is granted to its value."""
    oidc_groups_claim: str = "groups"
    """The claim that names somebody's groups; dots lead into claims within claims."""
    oidc_amr: Subjects = ()
    """Ways to log in, joined by commas, of which a token's `amr` must name one, such as `mfa`."""
    oidc_acr: Subjects = ()
    """Levels of assurance, joined by commas, of which a token's `acr` must name one."""

    @model_validator(mode="after")
    def _secured(self) -> Self:
        if self.token_secret is None and self.oidc_issuer is not None:
            raise ValueError("oidc_issuer needs token_secret: an open registry asks nobody")
        return self
