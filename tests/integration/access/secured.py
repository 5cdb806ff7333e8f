"""A secured registry: an administrator's key, an identity provider in a file, and two tenants."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import httpx
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from rollbook.domain.streams import StreamCommand
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.commands import COMMANDS, Signer
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.identity.accounts import AccountToken, mint
from rollbook.identity.statement import About, by_account
from tests.integration.query.system import System, running, until
from tests.support.stack import Cluster

SECRET = "a secret of this test that is long enough"
ISSUER = "https://id.example"
IDP = RSAKey.generate_key(2048, {"kid": "one"})
THEIRS = RSAKey.generate_key(2048, {"kid": "one"})
ADMIN = mint("rollbook", "admin")


@dataclass(frozen=True)
class Secured:
    """The system, and somebody who may do everything in it."""

    system: System
    http: httpx.Client
    schema: str = ""
    """Where its tables stand in Postgres."""

    @property
    def app(self) -> str:
        return self.system.log.app

    def client(self, token: str | None) -> httpx.Client:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.system.url, timeout=30, headers=headers)

    def send(self, token: str | None, stream: str, command: str, body: object) -> httpx.Response:
        """Send a command by HTTP, to a model or a namespace."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.http.post(route(stream, command), json=body, headers=headers)

    def done(self, stream: str, command: str, body: object) -> dict[str, Any]:
        """What the administrator does; it must be done."""
        response = self.send(ADMIN.reveal(), stream, command, body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def grant(self, namespace: str, subject: str, role: str, **more: object) -> None:
        self.done(
            namespace, "GrantRole", {"subject": subject, "role": role, "reason": "test", **more}
        )

    def account(self, namespace: str, name: str, **more: object) -> AccountToken:
        """A machine whose key is issued, and known to the query service."""
        made = mint(namespace, name)
        until_ = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        body = {"account": name, "public_key": made.public_key, "until": until_, **more}
        self.done(namespace, "IssueKey", body)
        with self.client(made.reveal()) as client:
            until(lambda: client.get("/api/v1/models").status_code == 200)
        return made

    def asked(
        self, stream: str, command: StreamCommand, sign: Signer | None, **more: Any
    ) -> EventEnvelope:
        """The outcome of a command that was published to Kafka."""
        envelope = CommandEnvelope(str(uuid4()), stream, command)._replace(**more)

        async def ask() -> EventEnvelope:
            async with Asker(self.system.log) as asker:
                return await asker.ask(envelope, sign=sign)

        return self.system.run(ask())

    def signer(self, token: AccountToken, **changed: str) -> Signer:
        """Signs as a machine does; `changed` is about which other command it lies."""

        def sign(id_: str, digest: str) -> str:
            about = About(self.app, id_, digest)._replace(**changed)
            return by_account(token, about, datetime.now(UTC))

        return sign


def command(name: str, **fields: object) -> StreamCommand:
    """A command by its name."""
    made: StreamCommand = COMMANDS[name].model_validate(fields)  # type: ignore[assignment]
    return made


def route(stream: str, command: str) -> str:
    """Where a command for a model or a namespace is sent to."""
    kind = "models" if "/" in stream else "namespaces"
    return f"/api/v1/{kind}/{stream}/commands/{command}"


def part(content: object) -> str:
    """A part of a token."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def person(
    sub: str = "ann", *, key: RSAKey = IDP, alg: str = "RS256", lives: int = 60, **more: object
) -> str:
    """A person's token, or nearly."""
    header = {"alg": alg, "kid": "one", "typ": "JWT"}
    claims = {
        "iss": ISSUER,
        "aud": "rollbook",
        "sub": sub,
        "exp": int(time()) + lives,
        "amr": ["pwd", "mfa"],
        **more,
    }
    signed = f"{part(header)}.{part({k: v for k, v in claims.items() if v is not None})}"
    if alg == "none":
        return f"{signed}."
    return f"{signed}.{part(JWSRegistry.algorithms['RS256'].sign(signed.encode(), key))}"


@contextmanager
def secured(cluster: Cluster, folder: Path, **changes: object) -> Iterator[Secured]:
    """A secured registry that is ready."""
    keys = folder / "jwks.json"
    keys.write_text(json.dumps({"keys": [dict(IDP.as_dict(private=False))]}))
    settings = {
        "token_secret": SECRET,
        "admin_public_key": ADMIN.public_key,
        "oidc_issuer": ISSUER,
        "oidc_keys": str(keys),
        **changes,
    }
    schema = cluster.schema()
    with (
        running(cluster.log(), cluster.postgres, schema, **settings) as system,
        httpx.Client(base_url=system.url, timeout=30) as http,
    ):
        yield Secured(system, http, schema)
