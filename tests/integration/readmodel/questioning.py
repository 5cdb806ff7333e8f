"""Asks the named questions of tables, as the query service does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from rollbook.readmodel import database, past
from rollbook.readmodel.database import Connection, Db
from rollbook.readmodel.past import Moment
from rollbook.readmodel.questions import then as moments
from rollbook.readmodel.questions.catalogue import QUESTIONS
from rollbook.readmodel.questions.question import Inquiry, Shape
from rollbook.readmodel.questions.then import Then
from rollbook.readmodel.scope import Scope
from tests.support.stack import Cluster


class Asker:
    """Somebody who sees everything, or what `scope` says."""

    def __init__(self, db: Db, back: Db, scope: Scope | None = None) -> None:
        self.db = db
        self.scope = scope
        self._back = back

    async def now(self, time: datetime) -> Then:
        return await moments.now(self.db, time)

    async def at(self, moment: Moment) -> Then:
        return await moments.at(self.db, moment)

    async def __call__(
        self, name: str, then: Then, *, page: int = 1000, **parameters: Any
    ) -> list[Any]:
        """All rows of an answer, `page` at a time."""
        question = QUESTIONS[name]
        asked = question.parameters.model_validate(parameters)
        inquiry = Inquiry(self.db, self._lend, asked, then, self.scope)
        found: list[Shape] = []
        after: str | None = None
        while True:
            some = await question.answer(inquiry, after, page)
            found += some.items
            after = some.next
            if after is None:
                return found

    @asynccontextmanager
    async def _lend(self) -> AsyncIterator[Db]:
        yield self._back


@asynccontextmanager
async def asking(
    cluster: Cluster, db: Connection, scope: Scope | None = None
) -> AsyncIterator[Asker]:
    """Somebody who asks the tables that `db` sees."""
    name = await db.fetchval("SELECT current_schema()")
    opened = await database.connection(cluster.postgres, name)
    try:
        await past.shadow(opened)
        yield Asker(db, opened, scope)
    finally:
        await opened.close()
