"""`rollbook audit witness`: a small witness of checkpoints, to try out or to run for a friend."""

import json as json_
import os
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import output
from rollbook.cli.arguments import bad
from rollbook.cli.auditing import signing
from rollbook.cli.exits import Exit

if TYPE_CHECKING:
    from rollbook.audit.note import SigningKey, VerifierKey
    from rollbook.audit.witness import Answer, Seen


def witness(
    folder: Annotated[Path, Parameter(help="Where it keeps what it saw; made if not there.")],
    /,
    *,
    key: Annotated[Path, Parameter(name="--key", help="File of the key that cosigns.")],
    trust: Annotated[
        list[str],
        Parameter(name="--log", negative="", help="Public key of a log, or a file; repeatable."),
    ],
    host: Annotated[str, Parameter(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="For HTTP; 0 for any.")] = 8090,
) -> Exit:
    """Cosign checkpoints that go on from those that were seen before, and no others.

    ```console
    rollbook audit key witness.key --name example.net/witness
    rollbook audit witness seen/ --key witness.key --log signer.pub
    ```

    It speaks the protocol of c2sp.org/tlog-witness. A witness is worth something where the log's
    operators have no access to it. Put TLS in front of it.
    """
    from rollbook.audit.__main__ import keys_of  # noqa: PLC0415
    from rollbook.audit.cosignature import WitnessKey  # noqa: PLC0415
    from rollbook.audit.note import NoteError  # noqa: PLC0415

    try:
        logs = keys_of(trust)
    except (NoteError, OSError, UnicodeDecodeError) as error:
        raise bad(f"--log: {error}") from error
    secret = signing(key)
    server = serving(Notebook(folder, logs, secret), host, port)
    url = f"http://{host}:{server.server_address[1]}"
    output.say(f"ROLLBOOK_CHECKPOINT_TO={output.plain(f'{url}#{WitnessKey.of(secret)}')}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return Exit.DONE
    finally:
        server.server_close()
    return Exit.DONE


class Notebook:
    """What a witness saw, on disk before it is said."""

    def __init__(self, folder: Path, logs: "list[VerifierKey]", key: "SigningKey") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "seen.json"
        self._logs = logs
        self._key = key
        self._lock = threading.Lock()

    def ask(self, body: str) -> "Answer":
        """What comes of a request; one at a time, so that nobody is told two things."""
        from rollbook.audit.witness import answer  # noqa: PLC0415

        with self._lock:
            seen = self._read()
            found, origin = answer(body, seen, self._logs, self._key, int(time.time()))
            if found.seen is not None and found.seen != seen.get(origin):
                self._write({**seen, origin: found.seen})
            return found

    def _read(self) -> "dict[str, Seen]":
        from rollbook.audit.witness import Seen  # noqa: PLC0415

        if not self._file.exists():
            return {}
        kept = json_.loads(self._file.read_text())
        return {k: Seen(v["size"], bytes.fromhex(v["root"])) for k, v in kept.items()}

    def _write(self, seen: "Mapping[str, Seen]") -> None:
        fresh = self._file.with_suffix(".new")
        with fresh.open("w") as out:
            json_.dump({k: {"size": s.size, "root": s.root.hex()} for k, s in seen.items()}, out)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)


def serving(notebook: Notebook, host: str, port: int) -> ThreadingHTTPServer:
    """A server that listens, and serves when it is told to."""
    from rollbook.audit.witness import LONGEST, PATH, Answer  # noqa: PLC0415

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if self.path != PATH:
                self._say(Answer(404, "there is nothing here\n"))
            elif not length.isdecimal() or int(length) > LONGEST:
                self._say(Answer(413, "too long, or of unknown length\n"))
            else:
                body = self.rfile.read(int(length)).decode(errors="replace")
                self._say(notebook.ask(body))

        def _say(self, answer: Answer) -> None:
            content = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("content-type", answer.kind)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing: what was cosigned stands in the folder."""

    return ThreadingHTTPServer((host, port), Handler)
