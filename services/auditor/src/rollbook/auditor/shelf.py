"""A folder, local or in an object store, in which checkpoints are kept: none is ever changed."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from rollbook.audit.bundle import KEYS, NOTE
from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.note import NoteError, SigningKey, VerifierKey
from rollbook.auditor.handlers import Rewritten

DOWN = (BaseError, OSError)
"""What a store raises; a missing file is the `FileNotFoundError` of Python."""


class Away(Exception):
    """A place for checkpoints cannot be reached: it is tried again."""


class Shelf:
    """Keeps what `rollbook audit checkpoint` would keep, by the same names."""

    def __init__(self, url: str) -> None:
        self.name = named(url)
        self._url = url
        self._made: ObjectStore | None = None

    async def signed(self, app: str, keys: Sequence[VerifierKey]) -> set[Checkpoint]:
        """What was published here; `Rewritten` for what no key of this log has signed."""
        try:
            names = {each["path"] async for page in self._store.list() for each in page}
            listed = (await self._read(KEYS)).split() if KEYS in names else []
            known = [*keys, *map(VerifierKey.parse, listed)]
            notes = {n: await self._read(n) for n in names if NOTE.fullmatch(n)}
        except DOWN as error:
            raise Away(_said(error)) from error
        except (NoteError, UnicodeDecodeError) as error:
            raise Rewritten(f"{self.name}: {KEYS}: {error}") from error
        found = set()
        for name, note in sorted(notes.items()):
            try:
                found.add(Checkpoint.open(note, known))
            except NoteError as error:
                raise Rewritten(f"{self.name}: {name}: {error}") from error
        if strange := next((c for c in found if c.app != app), None):
            raise Rewritten(f"{self.name} holds checkpoints of {strange.app!r}, not of {app!r}")
        return found

    async def add(self, checkpoint: Checkpoint, note: str, keys: Sequence[SigningKey]) -> None:
        """Keep a checkpoint, behind the keys that it can be verified by."""
        try:
            listed = (await self._read(KEYS)).split()
        except FileNotFoundError:
            listed = []
        except DOWN as error:
            raise Away(_said(error)) from error
        new = [str(key.verifier) for key in keys if str(key.verifier) not in listed]
        try:
            if new:
                text = "".join(f"{line}\n" for line in [*listed, *new])
                await self._store.put_async(KEYS, text.encode())
        except DOWN as error:
            raise Away(_said(error)) from error
        await self.keep(checkpoint.file_name, note)

    async def keep(self, name: str, note: str) -> None:
        """Keep a note under a name; one that is there already stays."""
        try:
            await self._store.put_async(name, note.encode(), mode="create")
        except AlreadyExistsError:
            return
        except DOWN as error:
            raise Away(_said(error)) from error

    @property
    def _store(self) -> ObjectStore:
        if self._made is None:
            if "://" in self._url and not self._url.startswith("file://"):
                self._made = from_url(self._url)
            else:
                path = Path(self._url.removeprefix("file://")).expanduser()
                self._made = LocalStore(path, mkdir=True)
        return self._made

    async def _read(self, name: str) -> str:
        return bytes(await (await self._store.get_async(name)).bytes_async()).decode()


def named(url: str) -> str:
    """A place as it may be shown: without user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}" if parts.scheme else url


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0]}"
