"""Reads what is overdue from the tables, and says who sends a command."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from rollbook.domain.access import Principal
from rollbook.domain.tenancy import REGISTRY, Role
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.commands import Signer
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.identity import accounts
from rollbook.identity.statement import About, Gateway, by_account
from rollbook.monitor.handlers import Deadline, escalated, expired, stale
from rollbook.monitor.settings import MonitorSettings
from rollbook.readmodel import requests, versions
from rollbook.readmodel.database import Db

SUBJECT: Final = accounts.subject(REGISTRY, "monitor")
ROLES: Final = frozenset({Role.VALIDATOR})
"""The least that its commands need."""

ANSWER_WITHIN: Final = timedelta(seconds=10)


async def overdue(db: Db, now: datetime, room: Callable[[str], int]) -> list[Deadline]:
    """The deadlines that have passed by `now`; of each kind the oldest, as many as `room` says."""
    return [
        *stale(await versions.cards_due(db, now, limit=room("MarkCardStale")), now),
        *escalated(await requests.to_escalate(db, now, room("EscalatePromotion")), now),
        *expired(await requests.to_expire(db, now, room("ExpirePromotion")), now),
    ]


class Voice:
    """Who the monitor is to those who decide."""

    def __init__(self, settings: MonitorSettings) -> None:
        self.subject = SUBJECT
        self.sign: Signer | None = None
        """None where the registry is open, which believes what senders say."""
        app = settings.app
        if settings.monitor_token is not None:
            token = accounts.parse(settings.monitor_token.get_secret_value())
            self.subject = token.subject
            self.sign = lambda id_, digest: by_account(
                token, About(app, id_, digest), datetime.now(UTC)
            )
        elif settings.token_secret is not None:
            gateway = Gateway(settings.token_secret.get_secret_value())
            itself = Principal(SUBJECT, limit=ROLES, everything=True)
            self.sign = lambda id_, digest: gateway.speak(
                itself, About(app, id_, digest), datetime.now(UTC)
            )

    async def ask(self, asker: Asker, deadline: Deadline, attempt: int) -> EventEnvelope:
        """What came of a deadline's command; `NoAnswer` or `Unavailable` as `Asker.ask`."""
        envelope = CommandEnvelope(
            deadline.command_id(attempt), deadline.model, deadline.command, actor=self.subject
        )
        return await asker.ask(envelope, sign=self.sign, timeout=ANSWER_WITHIN)
