"""Somebody else's HTTP server, in a thread of its own: it behaves as a test says."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs, urlsplit

LOCAL = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""Networks that must be allowed for us to ask it."""


@dataclass(frozen=True)
class Request:
    """What somebody asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


class Lost(Exception):
    """The answer is lost: what was asked for has been done, and nobody hears of it."""


Answering = Callable[[Request], tuple[int, Any]]


@dataclass
class Outside:
    """The server: what it was asked, and what it answers."""

    url: str
    answering: Answering
    asked: list[Request] = field(default_factory=list)

    def calls(self, method: str, path: str = "") -> list[Request]:
        return [r for r in self.asked if r.method == method and path in r.path]


@contextmanager
def outside(answering: Answering, port: int = 0) -> Iterator[Outside]:
    """A server whose answers `answering` gives, status and JSON; by `Lost`, it hangs up."""
    there: Outside

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            parts = urlsplit(self.path)
            request = Request(
                self.command,
                parts.path,
                {name: values[0] for name, values in parse_qs(parts.query).items()},
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            there.asked.append(request)
            try:
                status, said = there.answering(request)
            except Lost:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    there = Outside(f"http://127.0.0.1:{server.server_address[1]}", answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
