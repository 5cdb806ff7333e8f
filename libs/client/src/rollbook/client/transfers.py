"""Moving bytes: a bounded number of parts at once, with flat memory, past broken connections."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeAlias, TypeVar
from urllib.parse import urljoin, urlsplit

from rollbook.client.transport import FIRST_PAUSE, HERE, LONGEST_PAUSE

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

CHUNK = 1 << 20
"""Bytes that a part holds in memory."""

CONNECTING = 10.0
SILENCE = 60.0
"""Seconds."""

Stage: TypeAlias = Literal["reading", "sending", "checking", "fetching"]


class Moved(NamedTuple):
    """How far a file is; of a folder, each of its files by itself."""

    stage: Stage
    file: str
    done: int
    """Bytes, of `total`."""
    total: int


Progress: TypeAlias = Callable[[Moved], None]
"""Called now and then, never by two threads at once."""


class Broken(Exception):
    """The connection broke, or the other side could not: the same may work in a moment."""


class Stopped(Exception):
    """Somebody else's failure has ended this."""


class Gauge:
    """Counts the bytes of one stage of a file, from any thread, and tells."""

    def __init__(
        self, stage: Stage, file: str, total: int, progress: Progress | None, lock: threading.Lock
    ) -> None:
        self._stage: Stage = stage
        self._file, self._total = file, total
        self._progress, self._lock = progress, lock
        self._done = 0

    def add(self, count: int) -> None:
        """Note that so many bytes came through; negative: that they were lost again."""
        with self._lock:
            self._done += count
            if self._progress is not None:
                self._progress(Moved(self._stage, self._file, self._done, self._total))

    def at(self, done: int) -> None:
        """Note how many came through in all."""
        self.add(done - self._done)


class Patience:
    """Lets something be tried again for as long as it gets on every now and then."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        """It got on."""
        self._until = time.monotonic() + self._seconds
        self._pause = FIRST_PAUSE

    def wait(self) -> bool:
        """Wait a little; False when it was tried for long enough."""
        if time.monotonic() + self._pause >= self._until:
            return False
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return True


class Pipes:
    """Connections and threads for parts; use it in a `with` statement."""

    def __init__(self, url: str, parallel: int, progress: Progress | None) -> None:
        if parallel < 1:
            raise ValueError("parallel: at least one part must be on its way")
        self._url = url + "/"
        self._progress, self._told = progress, threading.Lock()
        self._stop = threading.Event()
        self._made = threading.Lock()
        self._clients: dict[bool, httpx.Client] = {}
        self.parts = ThreadPoolExecutor(parallel, thread_name_prefix="rollbook-part")
        self.files = ThreadPoolExecutor(parallel, thread_name_prefix="rollbook-file")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for pool in (self.files, self.parts):
            pool.shutdown(cancel_futures=True)

    def every(self, files: "Sequence[Future[T]]") -> list[T]:
        """What comes of all of them; when one fails the others are ended, and its error raised."""
        wait(files, return_when=FIRST_EXCEPTION)
        if any(each.done() and each.exception() for each in files):
            self.stop()
            wait(files)
        errors = [error for each in files if (error := each.exception()) is not None]
        for error in sorted(errors, key=lambda error: isinstance(error, Stopped)):
            raise error
        return [each.result() for each in files]

    def gauge(self, stage: Stage, file: str, total: int) -> Gauge:
        """Something to count with."""
        return Gauge(stage, file, total, self._progress, self._told)

    def stop(self) -> None:
        """End all that is on its way."""
        self._stop.set()
        with self._made:
            for client in self._clients.values():
                client.close()

    def check(self) -> None:
        """`Stopped` when this is to end."""
        if self._stop.is_set():
            raise Stopped

    def put(
        self, url: str, headers: Mapping[str, str], source: int, start: int, size: int, gauge: Gauge
    ) -> None:
        """Send a piece of a file that is open for reading; `Broken` when it did not arrive."""
        sent = 0

        def content() -> Iterator[bytes]:
            nonlocal sent
            while sent < size:
                self.check()
                chunk = os.pread(source, min(CHUNK, size - sent), start + sent)
                if not chunk:
                    raise Broken("the file has become shorter")
                yield chunk
                sent += len(chunk)
                gauge.add(len(chunk))

        try:
            with _breaking():
                answer = self._client(url).put(
                    urljoin(self._url, url),
                    content=content(),
                    headers={**headers, "Content-Length": str(size)},
                )
            if not answer.is_success:
                raise Broken(_said(answer))
        except Broken:
            gauge.add(-sent)
            raise

    def get(self, url: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`, in pieces; `Broken` as soon as no more come."""
        wanted = {"Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"}
        left = stop - start
        with _breaking():
            client = self._client(url)
            with client.stream("GET", urljoin(self._url, url), headers=wanted) as answer:
                if answer.status_code != 206 and not (answer.status_code == 200 and start == 0):
                    answer.read()
                    raise Broken(_said(answer))
                for chunk in answer.iter_raw():
                    self.check()
                    piece = chunk[:left]
                    left -= len(piece)
                    if piece:
                        yield piece
                    if not left:
                        return
        if left:
            raise Broken("it ended too early")

    def _client(self, url: str) -> "httpx.Client":
        import httpx  # noqa: PLC0415  # a third of a second that importing the SDK does not cost

        here = urlsplit(urljoin(self._url, url)).hostname in HERE
        with self._made:
            self.check()
            if here not in self._clients:
                self._clients[here] = httpx.Client(
                    timeout=httpx.Timeout(SILENCE, connect=CONNECTING, pool=None),
                    trust_env=not here,
                )
            return self._clients[here]


@contextmanager
def _breaking() -> Iterator[None]:
    import httpx  # noqa: PLC0415

    try:
        yield
    except httpx.TransportError as error:
        raise Broken(str(error) or type(error).__name__) from error


def _said(answer: Any) -> str:
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        return str(answer.json().get("detail"))
    return f"{answer.status_code} {answer.reason_phrase}"
