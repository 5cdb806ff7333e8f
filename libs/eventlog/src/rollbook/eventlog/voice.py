"""Who one of our own services is to those who decide, and how it says so."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, SecretStr

from rollbook.domain.access import Principal
from rollbook.domain.messages import Refused
from rollbook.domain.streams import StreamCommand
from rollbook.domain.tenancy import Role
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.commands import Signer
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.identity import accounts
from rollbook.identity.statement import About, Gateway, by_account

ANSWER_WITHIN: Final = timedelta(seconds=10)


def _of_an_account(token: SecretStr) -> SecretStr:
    try:
        accounts.parse(token.get_secret_value())
    except Refused as refused:
        raise ValueError(refused.message) from None
    return token


OwnToken: TypeAlias = Annotated[SecretStr, AfterValidator(_of_an_account)]
"""Of the account that a service is, as its settings have it."""


class Voice:
    """Speaks by a token of its own, else by the secret that our services share, else openly."""

    def __init__(
        self,
        app: str,
        subject: str,
        roles: Collection[Role],
        token: SecretStr | None,
        secret: SecretStr | None,
    ) -> None:
        self.subject = subject
        self.sign: Signer | None = None
        """None where the registry is open, which believes what senders say."""
        if token is not None:
            own = accounts.parse(token.get_secret_value())
            self.subject = own.subject
            self.sign = lambda id_, digest: by_account(
                own, About(app, id_, digest), datetime.now(UTC)
            )
        elif secret is not None:
            gateway = Gateway(secret.get_secret_value())
            itself = Principal(subject, limit=frozenset(roles), everything=True)
            self.sign = lambda id_, digest: gateway.speak(
                itself, About(app, id_, digest), datetime.now(UTC)
            )

    async def ask(
        self, asker: Asker, id_: str, stream: str, command: StreamCommand
    ) -> EventEnvelope:
        """What came of a command; `NoAnswer` or `Unavailable` as `Asker.ask`."""
        envelope = CommandEnvelope(id_, stream, command, actor=self.subject)
        return await asker.ask(envelope, sign=self.sign, timeout=ANSWER_WITHIN)
