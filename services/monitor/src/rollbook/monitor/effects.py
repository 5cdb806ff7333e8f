"""Reads what is overdue from the tables, and says who sends a command."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from rollbook.domain.tenancy import REGISTRY, Role
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.voice import Voice
from rollbook.identity import accounts
from rollbook.monitor.handlers import Deadline, escalated, expired, stale
from rollbook.monitor.settings import MonitorSettings
from rollbook.monitor.strays import SETTLED
from rollbook.readmodel import alarms, presence, requests, versions
from rollbook.readmodel.alarms import AlarmRow
from rollbook.readmodel.database import Db
from rollbook.readmodel.presence import Stray

SUBJECT: Final = accounts.subject(REGISTRY, "monitor")
ROLES: Final = frozenset({Role.VALIDATOR})
"""The least that its commands need."""

MOST: Final = 1000
"""Of each that one look goes through."""


async def overdue(db: Db, now: datetime, room: Callable[[str], int]) -> list[Deadline]:
    """The deadlines that have passed by `now`; of each kind the oldest, as many as `room` says."""
    return [
        *stale(await versions.cards_due(db, now, limit=room("MarkCardStale")), now),
        *escalated(await requests.to_escalate(db, now, room("EscalatePromotion")), now),
        *expired(await requests.to_expire(db, now, room("ExpirePromotion")), now),
    ]


async def deployed(db: Db, now: datetime) -> tuple[list[Stray], list[AlarmRow], bool]:
    """What is served against the registry's will, open alarms, and whether servers tell at all."""
    found = await presence.strays(db, now, SETTLED, MOST)
    standing = await alarms.open_ones(db, limit=MOST)
    return found, standing, await presence.told(db, now)


def voice(settings: MonitorSettings) -> Voice:
    """Who the monitor is to those who decide."""
    return Voice(settings.app, SUBJECT, ROLES, settings.monitor_token, settings.token_secret)


async def ask(asker: Asker, voice: Voice, deadline: Deadline, attempt: int) -> EventEnvelope:
    """What came of a deadline's command; `NoAnswer` or `Unavailable` as `Asker.ask`."""
    return await voice.ask(asker, deadline.command_id(attempt), deadline.model, deadline.command)
