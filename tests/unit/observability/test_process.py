"""What the environment asks of a process: spans for a collector, metrics at a port."""

import os
import socket
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

OWN_METRICS = """
import sys, urllib.request
from rollbook.observability import metrics, process
with process.prepared("test"):
    metrics.CLAIMS.labels(7).inc()
    sys.stdout.buffer.write(urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/metrics").read())
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


def test_a_process_of_its_own_shows_its_metrics_at_the_port_that_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    env = {**os.environ, "ROLLBOOK_METRICS_PORT": port}
    shown = subprocess.run(
        [sys.executable, "-c", OWN_METRICS, port],
        env=env, check=True, timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    assert 'rollbook_claims_total{partition="7"} 1.0' in shown.stdout
