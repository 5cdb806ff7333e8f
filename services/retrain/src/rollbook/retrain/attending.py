"""One retraining from its request to its end, a step at a time; any step may be the last."""

from datetime import UTC, datetime, timedelta
from typing import Final

from rollbook.domain.retraining import EndRetraining, RecordRetrainingRun
from rollbook.observability import metrics
from rollbook.observability.logs import logger
from rollbook.outbound.asking import Unanswered, Unsent
from rollbook.outbound.secret import NoSecret
from rollbook.readmodel import retraining
from rollbook.readmodel.database import Db
from rollbook.readmodel.retraining import RetrainingRow
from rollbook.retrain import calls, handlers
from rollbook.retrain.speaking import Speaker
from rollbook.retrain.starters.shape import Order, Rejected, Run, Standing, Starter

log = logger(__name__)

REFUSED: Final = timedelta(minutes=10)
"""Before a retraining is looked at again about which a command of ours was refused."""


class Attendant:
    """Does what is next for a retraining, and says when to look at it again."""

    def __init__(
        self,
        row: RetrainingRow,
        starter: Starter,
        speaker: Speaker,
        *,
        poll: timedelta,
        grace: timedelta,
    ) -> None:
        self.row = row
        self._starter = starter
        self._speaker = speaker
        self._poll = poll
        self._grace = grace
        self._failures = 0
        self._quiet_since: datetime | None = None

    async def attend(
        self, db: Db, row: RetrainingRow, policy: dict[str, object] | None
    ) -> timedelta:
        """One step; how long to wait before the next."""
        self.row = row
        order = handlers.order(row, policy)
        try:
            wait = await self._step(db, order)
        except (Unsent, Unanswered, NoSecret) as error:
            wait = handlers.pause(self._failures)
            self._failures += 1
            about = {"model": row.model, "retraining": row.retraining, "pipeline": row.pipeline}
            log.warning("pipeline not available", reason=str(error), **about)
        else:
            self._failures = 0
        return wait

    async def _step(self, db: Db, order: Order) -> timedelta:
        row, now = self.row, datetime.now(UTC)
        if row.deadline <= now:
            found = await retraining.candidate(db, row.model, row.after, self._names(order))
            return await self._end(handlers.overdue(row, found), now)
        if row.run is None:
            return await self._begin(db, order, now)
        state = await self._starter.look(order, row.run)
        if state.standing is Standing.RUNNING:
            self._quiet_since = None
            return self._poll
        self._quiet_since = self._quiet_since or now
        found = await retraining.candidate(db, row.model, row.after, self._names(order))
        end = handlers.end(row, state, found, now - self._quiet_since, self._grace)
        return await self._end(end, now) if end is not None else self._poll

    async def _begin(self, db: Db, order: Order, now: datetime) -> timedelta:
        """Start the pipeline, unless it runs already or somebody else starts it."""
        row = self.row
        run: Run | None = None
        if await calls.was_called(db, row):
            run = await self._starter.find(order)
        if run is None:
            if not await calls.claim(db, row, self._starter.settle):
                return min(self._poll, self._starter.settle)
            try:
                run = await self._starter.start(order)
            except Rejected as rejected:
                return await self._end(handlers.rejected(row, str(rejected)), now)
            except (Unsent, NoSecret):
                await calls.let_go(db, row)
                raise
            metrics.RETRAININGS.labels("started").inc()
        if run is None:
            return self._poll  # it runs, and shows its name soon
        command = RecordRetrainingRun(retraining=row.retraining, run=run.run, url=run.url)
        return await self._say(command, f"run {run.run}", now)

    async def _end(self, command: EndRetraining, now: datetime) -> timedelta:
        metrics.RETRAININGS.labels(command.outcome).inc()
        return await self._say(command, f"end {command.outcome}", now)

    async def _say(
        self, command: RecordRetrainingRun | EndRetraining, what: str, now: datetime
    ) -> timedelta:
        id_ = handlers.command_id(self.row, what, now)
        done = await self._speaker.say(id_, self.row.model, command)
        return self._poll if done else max(self._poll, REFUSED)

    async def stop(self, db: Db) -> None:
        """Tell a run to stop that ended for us, and put on record that it was told."""
        order = handlers.order(self.row, None)
        run = self.row.run
        try:
            if run is None:
                found = await self._starter.find(order)
                run = found.run if found else None
            if run is not None:
                await self._starter.stop(order, run)
        except Rejected as error:
            log.warning("run not stopped", run=run, reason=str(error))
        await calls.stopped(db, self.row)

    def _names(self, order: Order) -> list[str]:
        """What a candidate's lineage may call the run."""
        return [order.key, *([self.row.run] if self.row.run else [])]
