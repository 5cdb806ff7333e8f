"""Spans leave the process for the collector that the environment names."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

ONE_SPAN = """
from rollbook.observability import process, tracing
with process.prepared("test"):
    tracing.begin("work").end()
"""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """An OTLP collector: its address, and what it was sent."""
    sent: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Be quiet."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", sent
        server.shutdown()


def test_spans_go_where_the_environment_says(
    collector: tuple[str, list[tuple[str, bytes]]],
) -> None:
    address, sent = collector
    env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": address}
    subprocess.run([sys.executable, "-c", ONE_SPAN], env=env, check=True, timeout=60)
    ((path, body),) = sent
    assert path == "/v1/traces"
    assert b"rollbook-test" in body
    assert b"work" in body
