"""A registry that answers what it is told to, on a real port, and notes what it was asked."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SILENCE = (0, None)
"""An answer that never comes."""

OUTCOME = {
    "outcome": "accepted",
    "type": "ModelTagged",
    "position": "3:7",
    "seq": 2,
    "command_id": "7b0f7c1e-5a55-4c5c-9d2b-0d7b5ff5a001",
    "event": {},
}


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Recording:
    """Gives its answers in order, and the last one for ever."""

    answers: Sequence[tuple[int, Any]]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""


@contextmanager
def recording(*answers: tuple[int, Any]) -> Iterator[Recording]:
    """Serve `answers`, each a status and what becomes JSON."""
    noted = Recording(answers or [(200, OUTCOME)])

    silence = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            noted.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            status, said = noted.answers[min(len(noted.asked), len(noted.answers)) - 1]
            if status == SILENCE[0]:
                silence.wait(60)
                return
            content = json.dumps(said).encode()
            self.send_response(status)
            kind = "application/json" if status < 300 else "application/problem+json"
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    noted.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield noted
    finally:
        silence.set()
        server.shutdown()
        thread.join()
        server.server_close()
