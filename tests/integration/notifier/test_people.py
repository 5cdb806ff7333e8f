"""People are told in sentences: by messages as Slack takes them, and by mail."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from tests.integration.notifier.notifying import Tables, deliveries, set_endpoint
from tests.integration.query.system import Caller, until
from tests.support.outside import outside


@contextmanager
def mail_server() -> Iterator[tuple[str, list[tuple[list[str], Message]]]]:
    """A mail server that keeps what it gets: its address, and recipients with their mail."""
    got: list[tuple[list[str], Message]] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            to: list[str] = []
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline().strip():
                word = line.upper()
                if word.startswith(b"RCPT TO:"):
                    to.append(line[8:].decode().strip("<>"))
                elif word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (part := self.rfile.readline()) != b".\r\n":
                        lines.append(part)
                    got.append((to, message_from_bytes(b"".join(lines))))
                elif word == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                self.wfile.write(b"250 well\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}", got
        server.shutdown()
        thread.join()


def test_slack_gets_events_together_at_an_address_that_is_nowhere_in_the_log(
    tables: Tables, caller: Caller, tmp_path: Path
) -> None:
    with outside(lambda _: (200, b"ok")) as there:
        (tmp_path / "slack").write_text(f"{there.url}/services/T0/B0/hush\n")
        file = tmp_path / "places.yaml"
        file.write_text(f"risk: {{file: {tmp_path / 'slack'}}}\n")
        with tables.notified(notifier_places=file):
            document = {"place": "risk", "events": ["VersionRegistered"], "group": "PT1S"}
            set_endpoint(caller, kind="slack", **document)
            for n in range(3):
                caller.version(f"sha256:{n}" + "a" * 63)
            until(lambda: len(deliveries(caller, "delivered")) == 3)
    assert {request.path for request in there.asked} == {"/services/T0/B0/hush"}
    lines = [line for request in there.asked for line in request.json()["text"].splitlines()]
    assert [line.split(" registered")[0] for line in lines] == [
        f"*{caller.model}*: version {n}" for n in (1, 2, 3)
    ]
    assert "hush" not in caller.look("/history").text


def test_mail_goes_to_the_owner_of_the_model(tables: Tables, caller: Caller) -> None:
    with mail_server() as (server, got), tables.notified(notifier_smtp=server):
        document = {"to": ["owner"], "events": ["VersionRegistered"], "group": "PT0S"}
        set_endpoint(caller, kind="mail", **document)
        caller.version()
        until(lambda: [row["state"] for row in deliveries(caller)] == ["dropped"])
        assert "no owner" in deliveries(caller)[0]["said"]
        caller.done("AssignOwner", {"owner": "joan@example.com", "team": "risk"})
        caller.version("sha256:" + "b" * 64)
        until(lambda: len(deliveries(caller, "delivered")) == 1)
    ((to, message),) = got
    assert to == ["joan@example.com"]
    assert f"{caller.model}: version 2 registered" in message["Subject"].replace("\n", "")
