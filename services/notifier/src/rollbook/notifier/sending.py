"""Sends what waits for one endpoint, in order; what comes of it is written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from rollbook.domain.endpointdocs import Endpoint
from rollbook.notifier import handlers, keys, letters, mailing
from rollbook.notifier.handlers import Owner
from rollbook.notifier.mailing import NotSent
from rollbook.notifier.settings import NotifierSettings
from rollbook.observability import metrics
from rollbook.observability.logs import logger
from rollbook.outbound.asking import Unanswered, Unsent, Way
from rollbook.outbound.secret import NoSecret, Secret
from rollbook.readmodel import deliveries, history
from rollbook.readmodel.database import Db, Pool
from rollbook.readmodel.deliveries import DeliveryRow
from rollbook.readmodel.endpoints import EndpointKey, EndpointRow
from rollbook.readmodel.history import HistoryRow

log = logger(__name__)

CLAIMED: Final = 3
"""As many times as long as sending takes: then whoever claimed it is gone, and it is sent again."""
TOGETHER: Final = letters.MOST_LINES

_HEADS: Final = (
    "SELECT DISTINCT ON (namespace, endpoint) namespace, endpoint, next_at <= now() AS due"
    " FROM deliveries WHERE state = 'waiting' ORDER BY namespace, endpoint, number"
)
_FIRST: Final = (
    "SELECT number FROM deliveries WHERE namespace = $1 AND endpoint = $2 AND state = 'waiting'"
    " ORDER BY number LIMIT 1"
)


class Nobody(Exception):
    """There is nobody to send it to, and will not be."""


async def due(db: Db) -> list[EndpointKey]:
    """The endpoints whose first message that waits may be sent now."""
    rows: list[Any] = await db.fetch(_HEADS)
    return [(row["namespace"], row["endpoint"]) for row in rows if row["due"]]


@dataclass(frozen=True, slots=True)
class Sender:
    """The way to one endpoint."""

    settings: NotifierSettings
    places: Mapping[str, Secret]
    row: EndpointRow
    document: Endpoint

    @property
    def key(self) -> EndpointKey:
        """Of the endpoint."""
        return self.row.namespace, self.row.endpoint

    async def send(self, pool: Pool) -> bool:
        """Send the next message, if one is due; whether another one may be."""
        silent = self.document.silent_until(datetime.now(UTC))
        if silent is not None:
            await self._put_off(pool, silent)
            return False
        found = await self._claim(pool)
        if not found:
            return False
        rows = [row for each in found if (row := await history.at(pool, each.position)) is not None]
        state, said = "delivered", "its event is not there"
        if rows:
            try:
                said = await self._deliver(pool, rows, found[0])
            except Nobody as nobody:
                state, said = "dropped", str(nobody)
            except (Unsent, Unanswered, NoSecret, NotSent) as error:
                await self._failed(pool, found, str(error))
                return False
        await self._ended(pool, found, state, said)
        return True

    async def _claim(self, pool: Pool) -> list[DeliveryRow]:
        """The first message that waits, if it is due; for people, with what waits behind it."""
        most = 1 if self.document.kind == "webhook" else TOGETHER
        async with pool.acquire() as db, db.transaction():
            head = await db.fetchval(
                f"SELECT number FROM deliveries WHERE number = ({_FIRST})"  # noqa: S608  # ours
                " AND state = 'waiting' AND next_at <= now() FOR UPDATE SKIP LOCKED",
                *self.key,
            )
            if head is None:
                return []
            rows: list[Any] = await db.fetch(
                "UPDATE deliveries SET attempts = attempts + 1, next_at = now() + $4::interval"  # noqa: S608
                " WHERE number IN (SELECT number FROM deliveries WHERE namespace = $1"
                " AND endpoint = $2 AND state = 'waiting' AND number >= $3"
                f" ORDER BY number LIMIT $5) RETURNING {deliveries.COLUMNS}",
                *self.key,
                head,
                self.settings.notifier_patience * CLAIMED,
                most,
            )
        return sorted(map(deliveries.row_of, rows), key=lambda row: row.number)

    async def _deliver(self, db: Db, rows: list[HistoryRow], first: DeliveryRow) -> str:
        """What the other side said when it took it."""
        document = self.document
        owner = await _owner(db, rows[0].model)
        match document.kind:
            case "webhook":
                body = letters.webhook(rows[0], owner)
                headers = self._signed(body, first.id)
                return await self._post(body, headers)
            case "slack":
                return await self._post(letters.slack(rows), {})
            case "mail":
                to = [owner.owner if each == "owner" else each for each in document.to]
                known = list(dict.fromkeys(each for each in to if each and "@" in each))
                if not known:
                    raise Nobody("the model has no owner with an address")
                sender = self.settings.notifier_mail_from
                await mailing.send(self.settings, letters.mail(rows, sender, known))
                return f"handed to the mail server for {len(known)}"

    def _signed(self, body: bytes, id_: str) -> dict[str, str]:
        master = self.settings.notifier_secret
        if master is None:
            raise NoSecret("no secret is set: ROLLBOOK_NOTIFIER_SECRET")
        now = datetime.now(UTC)
        numbers = handlers.rotations(self.row.rotation, self.row.overlap_until, now)
        own = [keys.key(master.get_secret_value(), *self.key, number) for number in numbers]
        return keys.headers(body, own, id_, now)

    async def _post(self, body: bytes, headers: dict[str, str]) -> str:
        settings = self.settings
        way = Way(settings.notifier_networks, patience=settings.notifier_patience.total_seconds())
        sent = {"content-type": "application/json", "user-agent": "rollbook", **headers}
        answer = await way.ask("POST", self._url(), headers=sent, body=body)
        if not answer.good:
            raise Unanswered(f"it answers {answer.status}")
        return str(answer.status)

    def _url(self) -> str:
        if self.document.url is not None:
            return self.document.url
        place = self.document.place or ""
        secret = self.places.get(place)
        if secret is None:
            raise NoSecret(f"the settings of this service name no place {place!r}")
        return secret.read()

    async def _ended(self, db: Db, found: list[DeliveryRow], state: str, said: str) -> None:
        metrics.DELIVERIES.labels(self.document.kind, state).inc(len(found))
        await db.execute(
            "UPDATE deliveries SET state = $2, ended_at = now(), said = $3"
            " WHERE number = ANY($1) AND state = 'waiting'",
            [row.number for row in found],
            state,
            said,
        )

    async def _failed(self, db: Db, found: list[DeliveryRow], said: str) -> None:
        wait = handlers.pause(self.settings.notifier_first_pause, found[0].attempts)
        metrics.DELIVERIES.labels(self.document.kind, "failed").inc(len(found))
        log.warning("not delivered", namespace=self.key[0], endpoint=self.key[1], reason=said[:200])
        await db.execute(
            "UPDATE deliveries SET said = $2, next_at = now() + $3::interval,"
            " state = CASE WHEN give_up_at <= now() + $3::interval THEN 'given_up' ELSE state END,"
            " ended_at = CASE WHEN give_up_at <= now() + $3::interval THEN now() END"
            " WHERE number = ANY($1) AND state = 'waiting'",
            [row.number for row in found],
            said[:1000],
            wait,
        )

    async def _put_off(self, db: Db, until: datetime) -> None:
        """Nothing goes out before; and what waits has as much time afterwards as it had."""
        await db.execute(
            "UPDATE deliveries SET next_at = $3, give_up_at ="  # noqa: S608  # our names
            " give_up_at + ($3::timestamptz - greatest(next_at, now()))"
            f" WHERE number = ({_FIRST}) AND next_at < $3",
            *self.key,
            until,
        )


async def _owner(db: Db, model: str | None) -> Owner:
    found = await db.fetchrow("SELECT owner, team FROM models WHERE key = $1", model)
    return Owner(found["owner"], found["team"]) if found else Owner()
