"""Sweeping the store: what custody rules is done, and looked at again right before it is."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rollbook.artifacts import uploads
from rollbook.artifacts.errors import Missing
from rollbook.artifacts.held import Held, Kind, Tier
from rollbook.artifacts.store import Store
from rollbook.domain.custody import GRACE, Action, Blob, Custody, Ruling
from rollbook.domain.deletions import MOST

if TYPE_CHECKING:
    from rollbook.artifacts.uploads import Left
    from rollbook.cli.estate import Estate


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sweep would do."""

    rulings: list[Ruling]
    """Of everything that the store holds."""
    left: "list[Left]"
    """Uploads that nobody went on with."""
    strange: bool
    """Whether the store holds something, of which the registry names nothing."""

    def of(self, action: Action) -> list[Ruling]:
        """Where this is to be done; folders before what lies in them."""
        return [each for each in self.rulings if each.action is action]


class Sweep:
    """One sweep of a store by what one registry knows; `clock` says what time it is."""

    def __init__(
        self,
        store: Store,
        estate: "Estate",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._estate, self._clock = store, estate, clock
        self._blobs: dict[str, Blob] = {}
        self._custody = Custody((), {}, clock())

    async def plan(self) -> Plan:
        """Look at everything; nothing is changed."""
        # The store first: what comes into it later is not judged by what was known before.
        self._blobs = {blob.digest: blob async for blob in self._found()}
        self._estate.refresh()
        self._judge()
        for blob in list(self._blobs.values()):
            if self._custody.ruling(blob).action is Action.DELETE:
                self._blobs[blob.digest] = await self._claimed(blob)
        self._judge()
        found = [self._custody.ruling(blob) for blob in self._blobs.values()]
        found.sort(key=lambda each: (not each.blob.files, each.blob.digest))
        named = {digest for entry in self._estate.entries for digest in entry.digests}
        return Plan(
            found,
            [left async for left in uploads.left(self._store) if self._clock() - left.at >= GRACE],
            bool(self._blobs) and not named & self._blobs.keys(),
        )

    async def carry_out(self, plan: Plan) -> AsyncIterator[Ruling]:
        """Do it, and tell each thing that was done; what is needed by now stays."""
        for action in (Action.RESTORE, Action.ARCHIVE, Action.DELETE):
            for some in _batches(plan.of(action)):
                if action is Action.DELETE:  # what is gone stands in the log, whatever breaks off
                    self._estate.announce(some)
                for ruling in some:
                    again = await self._again(ruling.blob)
                    if again is not None and again.action is action:
                        await self._do(again)
                        yield again
        for left in plan.left:
            await uploads.discard(self._store, left.upload)

    async def _do(self, ruling: Ruling) -> None:
        digest = ruling.blob.digest
        match ruling.action:
            case Action.DELETE:
                await self._store.delete(digest)
            case Action.ARCHIVE:
                await self._store.archive(digest)
            case Action.RESTORE:
                await self._store.restore(digest)
            case Action.KEEP:
                pass

    async def _again(self, blob: Blob) -> Ruling | None:
        """The ruling by what is known now; None when it is gone."""
        held = await self._store.head(blob.digest)
        if held is None:
            return None
        blob = replace(blob, at=max(blob.at, held.at), archived=held.tier is Tier.ARCHIVE)
        blob = self._blobs[blob.digest] = await self._claimed(blob)
        if self._estate.refresh():
            self._judge()
        self._custody.note(blob)
        return self._custody.ruling(blob)

    def _judge(self) -> None:
        self._custody = Custody(self._estate.entries, self._estate.retentions, self._clock())
        for blob in self._blobs.values():
            self._custody.note(blob)

    async def _claimed(self, blob: Blob) -> Blob:
        claims = await self._store.holders(blob.digest)
        return replace(blob, at=max([blob.at, *claims.values()]))

    async def _found(self) -> AsyncIterator[Blob]:
        found: dict[str, Blob] = {}
        async for held in self._store.list():
            blob = await self._blob(held)
            if blob is None:
                continue
            old = found.get(held.digest)
            found[held.digest] = (
                blob
                if old is None
                else replace(
                    blob,
                    size=blob.size + old.size,  # in both tiers, or both as file and as folder
                    at=max(blob.at, old.at),
                    archived=blob.archived and old.archived,
                    files=blob.files | old.files,
                )
            )
        for blob in found.values():
            yield blob

    async def _blob(self, held: Held) -> Blob | None:
        files: frozenset[str] = frozenset()
        if held.kind is Kind.FOLDER:
            try:
                listing = await self._store.listing(held.digest)
            except Missing:  # it went while we looked
                return None
            files = frozenset(file.digest for file in listing)
        archived = held.tier is Tier.ARCHIVE
        return Blob(digest=held.digest, size=held.size, at=held.at, archived=archived, files=files)


def _batches(rulings: Sequence[Ruling]) -> Iterator[Sequence[Ruling]]:
    for begin in range(0, len(rulings), MOST):
        yield rulings[begin : begin + MOST]
