"""A server that gates ask by webhook: it answers, is late, or lies, by the path."""

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Any

SECRET = "a-secret-of-these-tests-only"
LIE = b'{"outcome": "passed", "measured": {"bias": NaN}}'


class Asked:
    """What was asked of it, and when it goes on."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.heard: list[str] = []
        """The ids of what was asked, in order."""
        self.released = threading.Event()
        """Whoever asked at `late` is not answered before."""
        self.answered = 0
        self.seconds = 0.0
        """How long it thinks about each answer."""

    def gate(self, path: str, **more: Any) -> dict[str, Any]:
        """A gate by the name of the path that asks there."""
        return {"gate": path, "kind": "webhook", "url": f"{self._url}/{path}", **more}


def _answer(path: str, headers: Any, body: bytes) -> bytes:
    id_, time = headers["webhook-id"], headers["webhook-timestamp"]
    signed = b".".join((id_.encode(), time.encode(), body))
    mac = base64.b64encode(hmac.digest(SECRET.encode(), signed, sha256)).decode()
    if headers["webhook-signature"] != f"v1,{mac}":
        return b"who are you?"
    if path == "/liar":
        return LIE
    accuracy = json.loads(body)["metrics"]["accuracy"]
    outcome = "passed" if accuracy >= 0.9 else "failed"
    said = {"outcome": outcome, "reason": f"I saw {accuracy}", "measured": {"seen": accuracy}}
    return json.dumps(said).encode()


@contextmanager
def asked() -> Iterator[Asked]:
    """The server, until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            known.heard.append(self.headers["webhook-id"])
            if self.path == "/late":
                known.released.wait()
            sleep(known.seconds)
            answer = _answer(self.path, self.headers, body)
            try:
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                known.answered += 1
            except OSError:
                pass  # whoever asked was killed, or has waited long enough

        def log_message(self, *_: object) -> None:
            """Not a line for each."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    known = Asked(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield known
    finally:
        known.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
