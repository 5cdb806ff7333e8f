"""Asks the model server of the demo, with rows of a data set; a process of its own.

`python -m rollbook.cli.traffic` reads JSON objects, one per line: first whom to ask and with which
rows, then what is to change. It writes one every half second, about the answers so far. What is
true of a row is told to the topic of telemetry a second after it was asked, and written to a file.
"""

import asyncio
import csv
import json
import random
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from rollbook.telemetry.batch import Batches, Label

CLIENTS = 6
PACE = 35.0
"""Requests of each client in a second, as far as the server keeps up."""
EACH = 2
"""Requests for one patient, one after the other."""
TELL_EVERY = 0.5
LATER = 1.0
"""Seconds after which it is known what was true."""
TIMEOUT = 30.0


@dataclass
class Version:
    """What a version has answered; moments in seconds since 1970."""

    answers: int = 0
    failed: int = 0
    first: float = 0
    last: float = 0
    first_failed: float = 0
    wrong: int = 0
    """Answers that were not what is true."""


class Visitors:
    """Threads that ask, each over a connection of its own."""

    def __init__(self, url: str, data: Path) -> None:
        parts = urlsplit(url)
        self._address, self._path = parts.netloc, parts.path
        with data.open(newline="", encoding="utf-8") as file:
            self.columns, *rows = csv.reader(file)
        self._rows = [tuple(map(float, row)) for row in rows]
        self._shifts: dict[int, tuple[float, float]] = {}
        self._lock = threading.Lock()
        self.versions: dict[str, Version] = {}
        self.moved = 0
        """Patients who were answered by one version, and then by another."""
        self.unanswered = 0
        """Requests without an answer, or turned away."""
        self.asked: deque[tuple[float, str, tuple[float, ...]]] = deque()
        """When, the id, and the row with what is true."""
        for number in range(CLIENTS):
            dice = random.Random(number)  # noqa: S311  # no secret
            threading.Thread(target=self._visit, args=(dice,), daemon=True).start()

    def shift(self, column: str, by: float) -> None:
        """From now on, measure a column otherwise; nothing goes beyond what was seen before."""
        place = self.columns.index(column)
        self._shifts[place] = by, max(row[place] for row in self._rows)

    def _visit(self, dice: random.Random) -> None:
        connection = HTTPConnection(self._address, timeout=TIMEOUT)
        due = time.monotonic()
        while True:
            patient, seen = f"patient-{dice.randrange(10**9)}", set()
            for _ in range(EACH):
                due = max(due + 1 / PACE, time.monotonic() - 1 / PACE)
                time.sleep(max(due - time.monotonic(), 0))
                row = measured(dice.choice(self._rows), self._shifts)
                try:
                    seen.add(self._ask(connection, patient, row))
                except (OSError, HTTPException):
                    connection.close()  # the next request opens another
                    with self._lock:
                        self.unanswered += 1
            if len(seen - {""}) > 1:
                with self._lock:
                    self.moved += 1

    def _ask(self, connection: HTTPConnection, patient: str, row: tuple[float, ...]) -> str:
        identity = uuid4().hex
        inputs = [
            {"name": name, "shape": [1, 1], "datatype": "FP64", "data": [value]}
            for name, value in zip(self.columns[:-1], row[:-1], strict=True)
        ]
        headers = {"X-Rollbook-Unit": patient, "X-Request-Id": identity}
        began = time.time()
        connection.request("POST", self._path, json.dumps({"inputs": inputs}), headers)
        answer = connection.getresponse()
        body = answer.read()
        number = answer.headers.get("x-rollbook-version", "")
        with self._lock:
            if answer.status not in (200, 500) or not number:
                self.unanswered += 1
                return ""
            self.asked.append((began, identity, row))
            version = self.versions.setdefault(number, Version(first=began))
            version.answers += 1
            version.last = max(version.last, began)
            if answer.status == 500:
                version.failed += 1
                version.first_failed = version.first_failed or began
            else:
                said = json.loads(body)["outputs"][0]["data"][0]
                version.wrong += round(said) != round(row[-1])
        return number

    def known(self) -> Sequence[tuple[float, str, tuple[float, ...]]]:
        """Requests of which it is known by now what was true; each once."""
        found = []
        with self._lock:
            while self.asked and self.asked[0][0] < time.time() - LATER:
                found.append(self.asked.popleft())
        return found

    def told(self) -> str:
        """What happened so far."""
        with self._lock:
            versions = {number: asdict(found) for number, found in self.versions.items()}
            said = {"versions": versions, "moved": self.moved, "unanswered": self.unanswered}
        return json.dumps(said)


def measured(row: Sequence[float], shifts: Mapping[int, tuple[float, float]]) -> tuple[float, ...]:
    """A row as it is asked about; `shifts` has by column what is added, and up to where."""
    found = list(row)
    for place, (by, most) in shifts.items():
        found[place] = min(found[place] + by, most)
    return tuple(found)


async def tell(visitors: Visitors, model: str, kafka: str, topic: str, book: TextIO) -> None:
    """Say what was true, where servers say what they answered; and how it goes."""
    batches = Batches(f"demo/{uuid4()}")
    table = csv.writer(book)
    table.writerow(visitors.columns)
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        while True:
            await asyncio.sleep(TELL_EVERY)
            for _, identity, row in visitors.known():
                batches.label(model, Label(_now(), identity, row[-1]))
                table.writerow(row)
            book.flush()
            for key, value in batches.take(_now()):
                await producer.send_and_wait(topic, key=key, value=value)
            sys.stdout.write(visitors.told() + "\n")
            sys.stdout.flush()


def main() -> None:
    """Ask until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends us
    setup = json.loads(sys.stdin.readline())
    visitors = Visitors(setup["url"], Path(setup["data"]))

    def listen() -> None:
        for line in sys.stdin:
            visitors.shift(**json.loads(line))

    async def run(book: TextIO) -> None:
        telling = asyncio.create_task(
            tell(visitors, setup["model"], setup["kafka"], setup["topic"], book)
        )
        listening = asyncio.create_task(asyncio.to_thread(listen))
        done, _ = await asyncio.wait({telling, listening}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        telling.cancel()

    with Path(setup["asked"]).open("w", newline="", encoding="utf-8") as book:
        asyncio.run(run(book))


def _now() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
