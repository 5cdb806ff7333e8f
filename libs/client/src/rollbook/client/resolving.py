"""Which bytes a name stands for: answered at once from what is known, and kept up behind it."""

import hashlib
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from rollbook.client import caching, lastknown
from rollbook.client.errors import Corrupt, Refused, RegistryError, Unavailable
from rollbook.client.references import Reference
from rollbook.client.registry import Registry

TTL: Final = 30.0
"""Seconds after which what is known is looked at again, if nobody said before that it moved."""

PATIENCE: Final = 10.0
"""Seconds that the first look-up of a name may wait for the registry."""

FIRST: Final = 0.1
"""Seconds after the first answer before anything runs behind it."""

PAUSE: Final = 1.0
"""Seconds before a registry is asked again that did not answer."""

UNKNOWN: Final = frozenset({"unknown_alias", "unknown_model", "unknown_version"})
"""Refusals that mean: there is no such thing any more."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a reference stands for."""

    model: str
    version: int
    digest: str
    """`sha256:…`: with it, what is loaded can be held against what was registered."""
    uri: str
    """Where its bytes lie."""
    format: str | None = None
    stale: bool = False
    """Whether the registry could not be asked lately: this is what it said last."""


class Resolver:
    """Looks names up for a service that must go on when the registry does not.

        with Resolver("http://127.0.0.1:8080") as resolver:
            found = resolver.resolve("models:/fraud@production")
            path = resolver.load("models:/fraud@production")      # its bytes, verified

    What was looked up once is answered from memory, and after a restart from a file, however long
    the registry, the broker and the database are away. Behind the answers a thread keeps what is
    known up: at once when the registry tells that it moved, and every `ttl` seconds.

    Any thread may ask. `cache`: a folder that only we may write; by default the user's.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        actor: str | None = None,
        cache: Path | str | None = None,
        ttl: float = TTL,
        timeout: float = PATIENCE,
    ) -> None:
        self.url = url.rstrip("/")
        self.stale = 0
        """Answers that were given although the registry could not be asked lately."""
        self.damaged = 0
        """Files of what was known that were not as they were written, and so were not used."""
        self._asking = {"token": token, "actor": actor, "timeout": timeout}
        self._ttl = ttl
        self._cache = Path(cache) if cache is not None else caching.folder()
        name = hashlib.sha256(self.url.encode()).hexdigest()[:16]
        self.file = self._cache / "resolver" / f"{name}.json"
        """What was known last."""
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._known = self._remembered()
        self._checked: dict[str, float] = {}
        """Reference -> when the registry last said it."""
        self._due = threading.Event()
        self._moved: dict[str, str] = {}
        """Model -> the position of its last move that was not looked at."""
        self._closed = False
        self._keeper: threading.Thread | None = None
        self._listener: Any = None

    def resolve(self, reference: str) -> Resolved:
        """What the reference stands for.

        Only a name that was never looked up waits for the registry. Raises ValueError for what is
        no reference, `Refused` where nothing stands there, `Unavailable`.
        """
        found = self._known.get(reference)
        self._keep()
        if found is None:
            return self._first(reference)
        asked = self._checked.get(reference)
        # A number always stands for the same bytes.
        if "@" in reference and (asked is None or time.monotonic() - asked > 2 * self._ttl):
            self.stale += 1
            return replace(found, stale=True)
        return found

    def load(self, reference: str) -> Path:
        """Where the bytes of what it stands for lie on this disk, read to the end and right.

        They are fetched at most once. Raises also `Corrupt`, and OSError.
        """
        from rollbook.artifacts.shelf import Shelf  # noqa: PLC0415

        found = self.resolve(reference)
        shelf = Shelf(self._cache / "artifacts")
        return shelf.found(found.digest) or self._fetched(found, shelf)

    def ask(self, reference: str) -> Resolved:
        """What the registry says now; only while it does not answer, what it said last.

        Raises what `resolve` raises.
        """
        try:
            return self._first(reference)
        except Unavailable:
            found = self._known.get(reference)
            if found is None:
                raise
            self.stale += 1
            return replace(found, stale=True)

    def close(self) -> None:
        """End what runs behind the answers."""
        self._closed = True
        self._due.set()
        if self._listener is not None:
            self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _first(self, reference: str) -> Resolved:
        with self._registry() as registry:
            self._look(registry, reference)
        found = self._known.get(reference)
        if found is None:
            raise Refused("nothing_there", f"nothing stands at {reference}")
        return found

    def _registry(self) -> Registry:
        return Registry(self.url, **self._asking)  # type: ignore[arg-type]

    def _look(self, registry: Registry, reference: str) -> None:
        """Ask what a reference stands for, and remember it."""
        begun = time.monotonic()
        try:
            found = _asked(registry, Reference.parse(reference))
        except Refused as error:
            if error.code not in UNKNOWN:
                raise
            found = None
        with self._lock:
            before = self._known.get(reference)
            if found is None:
                self._known.pop(reference, None)
            else:
                self._known[reference] = found
            self._checked[reference] = begun
        if found != before:
            self._write()

    def _write(self) -> None:
        with self._writing:
            with self._lock:
                known = {name: asdict(found) for name, found in self._known.items()}
            with suppress(OSError):  # a full disk must not keep a service from its answer
                lastknown.write(self.file, known)

    def _remembered(self) -> dict[str, Resolved]:
        try:
            known: Mapping[str, Mapping[str, Any]] = lastknown.read(self.file) or {}
            return {name: Resolved(**fields) for name, fields in known.items()}
        except (lastknown.Damaged, TypeError, AttributeError):
            self.damaged += 1
            return {}

    # Behind the answers

    def _keep(self) -> None:
        """Let a thread keep up what is known, from the first answer on."""
        if self._keeper is not None:
            return
        with self._lock:
            if self._keeper is not None:
                return
            self._keeper = threading.Thread(target=self._kept, name="rollbook-keeper", daemon=True)
        self._keeper.start()

    def _kept(self) -> None:
        self._due.wait(FIRST)  # what it imports must not be in the way of the first answers
        from rollbook.client.listening import Listener  # noqa: PLC0415

        self._listener = Listener(self.url, self._asking["token"], self._tell)  # type: ignore[arg-type]
        self._listener.start()
        while not self._closed:
            try:
                with self._registry() as registry:
                    self._keep_up(registry)
            except RegistryError:  # what is known holds, and whoever asks is told that it is old
                self._due.wait(PAUSE)
            else:
                self._due.wait(self._ttl / 2)
            self._due.clear()

    def _keep_up(self, registry: Registry) -> None:
        """Ask about what moved, and about what was not asked about for a while."""
        moved = dict(self._moved)
        for position in moved.values():
            registry.wait(position)
        late = time.monotonic() - self._ttl / 2
        with self._lock:
            due = [
                reference
                for reference, found in self._known.items()
                if "@" in reference
                and (found.model in moved or self._checked.get(reference, late) <= late)
            ]
        for reference in due:
            try:
                self._look(registry, reference)
            except Refused:
                continue  # we may not look any more, which does not take it out of service
        for model, position in moved.items():
            if self._moved.get(model) == position:
                del self._moved[model]

    def _tell(self, model: str, position: str) -> None:
        """Something of a model moved."""
        self._moved[model] = position
        self._due.set()

    def _fetched(self, found: Resolved, shelf: Any) -> Path:
        from rollbook.artifacts.errors import WrongDigest  # noqa: PLC0415
        from rollbook.client.bringing import bring  # noqa: PLC0415

        with self._registry() as registry:
            try:
                place: Path = shelf.put(found.digest, lambda to: bring(registry, found.uri, to))
            except WrongDigest as error:
                raise Corrupt(f"{found.uri}: {error}") from error
        return place


def _asked(registry: Registry, reference: Reference) -> Resolved | None:
    """What the registry says; None where nothing stands there now."""
    if reference.version is not None:
        return _resolved(registry, reference.model, reference.version)
    name = str(reference.name)
    for alias in registry.aliases(reference.model):
        if alias.alias == name:
            return _resolved(registry, reference.model, alias.version)
    stay = registry.environments(reference.model).get(name)
    return _resolved(registry, reference.model, stay.version) if stay is not None else None


def _resolved(registry: Registry, model: str, version: int) -> Resolved:
    artifact = registry.version(model, version).artifact
    digest, uri = str(artifact["digest"]), str(artifact["uri"])
    return Resolved(model, version, digest, uri, artifact.get("format"))
