"""Validates one version: says that the gates have begun, measures, judges, brings the verdict."""

import asyncio
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from rollbook.domain.streams import StreamCommand
from rollbook.domain.validation import GateResult
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.outcomes import CommandRefused
from rollbook.eventlog.voice import Voice
from rollbook.gates.judging import judge
from rollbook.gates.ruling import Ruling
from rollbook.observability import metrics
from rollbook.observability.logs import logger
from rollbook.readmodel import signatures
from rollbook.readmodel.database import Connection
from rollbook.validator import handlers, knowing
from rollbook.validator.book import Book
from rollbook.validator.handlers import Occasion, Why
from rollbook.validator.jobs import jobs, seen_by
from rollbook.validator.knowing import Known
from rollbook.validator.locking import alone
from rollbook.validator.measuring import Instruments, Measurer

log = logger(__name__)


class Came(Enum):
    """What came of an occasion."""

    OVER = auto()
    """It has had its verdict, or none is wanted any more."""
    BUSY = auto()
    """Somebody else looks at the version, or its rows stand still."""
    REFUSED = auto()
    """We may not speak there."""


@dataclass(frozen=True)
class Validation:
    """One occasion, with all that looking at it takes."""

    occasion: Occasion
    book: Book
    db: Connection
    asker: Asker
    voice: Voice
    instruments: Instruments
    scratch: Path | None

    async def run(self) -> Came:
        """Let the gates look, unless somebody else does."""
        async with alone(self.db, self.occasion.model, self.occasion.version) as we:
            return await self._alone() if we else Came.BUSY

    async def _alone(self) -> Came:
        occasion = self.occasion
        attempt = handlers.attempt_after(occasion, await knowing.answers(self.db, occasion))
        if attempt is None:
            return Came.OVER
        known = await knowing.known(self.db, occasion.model, occasion.version)
        if known is None:
            return Came.BUSY
        ruling = self.book.ruling(occasion.model, known.risk)
        if ruling.empty or handlers.is_over(occasion, known.row) or not self._wanted(known):
            return Came.OVER
        began = perf_counter()
        start = handlers.start(occasion, ruling.name)
        if start is not None:
            refused = await self._say(occasion.start_id(attempt), start)
            if refused is not None:
                return refused
        results = await self._judged(known, ruling)
        verdict = handlers.verdict(occasion, ruling, results)
        refused = await self._say(occasion.verdict_id(attempt), verdict)
        if refused is not None:
            return refused
        took = perf_counter() - began
        outcome = handlers.told(results)
        metrics.VALIDATIONS.labels(outcome).inc()
        metrics.VALIDATION_SECONDS.observe(took)
        log.info(
            "validated",
            model=occasion.model,
            version=occasion.version,
            why=str(occasion.why),
            policy=ruling.name,
            outcome=outcome,
            gates=len(results),
            seconds=round(took, 3),
        )
        return Came.OVER

    def _wanted(self, known: Known) -> bool:
        """Whether the policies of now look at the version because of this."""
        match self.occasion.why:
            case Why.REGISTERED:
                row = known.row
                return self.book.looks_at_new(row.model, known.risk, row.created_at)
            case Why.STARTED:
                return True
            case Why.POLICY:
                return self.book.covers(self.occasion.position, known.row.model, known.risk)

    async def _judged(self, known: Known, ruling: Ruling) -> list[GateResult]:
        row = known.row
        signed = await signatures.of(self.db, row.model, row.version)
        signers = [signature.signer for signature in signed if signature.variant is None]
        facts = await knowing.facts(self.db, known, ruling.gates, signers)
        with TemporaryDirectory(prefix="rollbook-validator-", dir=self.scratch) as folder:
            measurer = Measurer(
                self.instruments,
                row,
                facts,
                signed,
                self.occasion.verdict_id(),
                Path(folder),
            )
            done = await measurer.measured(jobs(ruling.gates))
        judged = [judge(gate, seen_by(gate, facts, done)) for gate in ruling.gates]
        await asyncio.sleep(0)  # many gates take a while, and others wait
        return judged

    async def _say(self, id_: str, command: StreamCommand) -> Came | None:
        """None when it was heard."""
        occasion = self.occasion
        outcome = await self.voice.ask(self.asker, id_, occasion.model, command)
        match outcome.message:
            case CommandRefused(code=code, message=message):
                metrics.VALIDATIONS.labels("refused").inc()
                log.warning(
                    "validation refused",
                    model=occasion.model,
                    version=occasion.version,
                    code=code,
                    reason=message,
                )
                return Came.REFUSED if code in handlers.TO_BE_TRIED_AGAIN else Came.OVER
            case _:
                return None
