"""The records of one partition, against the checkpoints and the rules of the log."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from rollbook.audit.bundle import leaves_file
from rollbook.audit.difference import differences
from rollbook.audit.entry import Entry, Unreadable, document
from rollbook.audit.finding import Finding
from rollbook.audit.heads import Heads, tree
from rollbook.audit.history import History
from rollbook.audit.merkle import HASH, Tree


class Stretch:
    """One partition of a bundle; `leaves` are the hashes that came with it."""

    def __init__(self, partition: int, partitions: int, size: int, leaves: bytes) -> None:
        self._partition = partition
        self._size = size
        self._leaves = leaves
        self._history = History(partition, partitions)
        self._here = Tree()
        self._models: list[str | None] = []
        """Of each record that is here."""

    @property
    def records(self) -> int:
        """How many there are."""
        return len(self._here)

    @property
    def root(self) -> bytes:
        """Of the tree of those that are here."""
        return self._here.root()

    @property
    def streams(self) -> int:
        """How many have an event here."""
        return len(self._history.streams)

    def check(
        self,
        lines: Iterable[bytes],
        own: Mapping[int, bytes],
        held: Mapping[int, bytes],
        heads: Mapping[int, Heads],
    ) -> Iterator[Finding]:
        """All that is wrong; `own` are roots by size from the bundle, `held` from outside."""
        yield from self._read(lines, heads)
        trusted, count = {**own, **held}, len(self._here)
        signed = Tree(self._leaves[: len(self._leaves) // HASH * HASH])
        roots = self._here.roots([size for size in trusted if size <= count])
        wrong = sorted(size for size in trusted if roots.get(size) != trusted[size])
        told = signed.roots([size for size in wrong if size <= len(signed)])
        explained = {size for size in wrong if told.get(size) == trusted[size]}
        if explained:
            yield from self._exactly(signed)
        # Where one from outside is not kept, the key may have signed anything inside.
        sure = held if held.keys() & set(wrong) else trusted
        good = max((s for s in sure if s < min(wrong, default=0)), default=0)
        for size in wrong:
            if size not in explained:
                ends = f"there are {count} records" if size > count else "it is another"
                said = f"not the log of the checkpoint at {size}: {ends}, behind {good}"
                yield self._at("truncated" if size > count else "forked", said, good, size)
        yield from self._ends(max(own, default=-1))
        if not explained and self._leaves != self._here.tape():
            yield self._strange_leaves()

    def _read(self, lines: Iterable[bytes], heads: Mapping[int, Heads]) -> Iterator[Finding]:
        known: dict[str, str] = {}
        shift = 0
        for line, text in enumerate(lines):
            try:
                entry = Entry.parse(text)
            except Unreadable as error:
                self._here.append(bytes(HASH))
                self._models.append(_salvaged(text))
                yield self._at("unreadable", str(error), line, line + 1)
                continue
            self._here.append(entry.leaf())
            model = entry.model
            self._models.append(None if model is None else known.setdefault(model, model))
            if entry.offset - line != shift:
                shift = entry.offset - line
                said = f"the record says that it is {entry.offset}"
                yield self._at("offset", said, line, line + 1)
            yield from self._history.follow(replace(entry, offset=line) if shift else entry)
            if (signed := heads.get(line + 1)) is not None:
                yield from self._heads(signed)

    def _heads(self, signed: Heads) -> Iterator[Finding]:
        here = tree(self._history.streams)
        if (len(here), here.root()) != (signed.streams, signed.root):
            size = signed.checkpoint.size
            said = f"the last events of the streams are not those that {signed.file_name} signs"
            yield self._at("heads", said, size - 1, size)

    def _exactly(self, signed: Tree) -> Iterator[Finding]:
        for found in differences(self._here, signed):
            line, stop = found.line, found.until or found.offset + 1
            place = self._at(found.what, found.message, found.offset, stop)
            model = None if line is None else self._models[line]
            yield replace(place, models=() if model is None else (model,))

    def _ends(self, last: int) -> Iterator[Finding]:
        count = len(self._here)
        if count == self._size == last:
            return
        signed = f"{last} by the last checkpoint" if last >= 0 else "and no checkpoint"
        said = f"{count} records, {self._size} by the manifest, {signed}"
        what = "unsigned" if count > last else "truncated"
        yield self._at(what, said, max(min(count, last), 0), max(count, last, 1))

    def _strange_leaves(self) -> Finding:
        tape = self._here.tape()
        shared = range(0, min(len(tape), len(self._leaves)), HASH)
        differing = (n for n in shared if tape[n : n + HASH] != self._leaves[n : n + HASH])
        first = next(differing, len(shared) * HASH) // HASH
        said = f"{leaves_file(self._partition)} is not what the records say"
        return self._at("leaves", said, first, first + 1)

    def _at(self, what: str, message: str, offset: int, until: int) -> Finding:
        models = {model for model in self._models[offset:until] if model is not None}
        return Finding(
            what=what,
            message=message,
            partition=self._partition,
            offset=offset,
            until=until if until > offset + 1 else None,
            models=tuple(sorted(models)),
        )


def _salvaged(line: bytes) -> str | None:
    """The model of a line that is not as it should be, if it says one."""
    try:
        return Entry.of(document(line)).model
    except Unreadable:
        return None
