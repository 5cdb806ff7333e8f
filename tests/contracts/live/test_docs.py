"""What the documentation tells people to type works as written, on a running `rollbook up`."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rollbook.cli.place import Place, Running

ROOT = Path(__file__).parents[3]
PAGES = (
    "README.md",
    "docs/tutorial.md",
    "docs/how-to/subscribe.md",
    "docs/how-to/consume-from-kafka.md",
    "docs/how-to/send-commands-from-kafka.md",
    "docs/how-to/recover.md",
    "docs/how-to/rebuild-views.md",
    "docs/how-to/govern-promotions.md",
    "docs/how-to/write-model-cards.md",
    "docs/how-to/write-a-metadata-schema.md",
    "docs/how-to/write-a-policy.md",
    "docs/how-to/import-models.md",
    "docs/how-to/erase-personal-data.md",
    "docs/how-to/travel-in-time.md",
    "docs/how-to/ask-the-registry.md",
    "docs/how-to/search.md",
    "docs/how-to/trace-lineage.md",
    "docs/how-to/verify-the-log.md",
    "docs/how-to/hand-to-an-auditor.md",
    "docs/how-to/back-up-and-restore.md",
    "docs/how-to/keep-artifacts.md",
    "docs/how-to/sign-models.md",
    "docs/how-to/plan-a-command.md",
)
WRITTEN_URL = "http://127.0.0.1:8080"
BLOCK = re.compile(
    r"^```(console|python) runnable(?: exit=(\d+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Block:
    language: str
    exit_code: int
    text: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A `rollbook up` of its own."""
    folder = tmp_path_factory.mktemp("up")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ROLLBOOK_")}
    environment |= {
        k: v for k, v in os.environ.items() if k in {"ROLLBOOK_CACHE", "ROLLBOOK_MAVEN"}
    }
    environment |= {"ROLLBOOK_DATA": str(folder), "ROLLBOOK_PORT": str(port)}
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "rollbook.cli", "up"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 120
        while (found := Place(folder).running()) is None:
            assert process.poll() is None, (folder / "output").read_text()
            assert time.monotonic() < deadline, (folder / "output").read_text()
            time.sleep(0.1)
        assert found.durable, "the documentation is tried on a real Kafka"
        yield found
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0, (folder / "output").read_text()


def blocks(page: str) -> list[Block]:
    found = BLOCK.findall((ROOT / page).read_text())
    return [Block(language, int(code or 0), text) for language, code, text in found]


def test_every_page_that_can_be_run_is_run() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found = {str(page.relative_to(ROOT)) for page in pages if BLOCK.search(page.read_text())}
    assert found == set(PAGES)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("page", PAGES)
def test_every_runnable_block_of_a_page_works(page: str, running: Running, tmp_path: Path) -> None:
    todo = blocks(page)
    assert todo, "no runnable block: is the page still in the list for a reason?"
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ROLLBOOK_URL": running.url,
        "ROLLBOOK_KAFKA": running.kafka,
        "ROLLBOOK_POSTGRES": running.postgres,
        "ROLLBOOK_ARTIFACTS": running.artifacts,
        "TZ": "UTC",
    }
    for block in todo:
        text = block.text.replace(WRITTEN_URL, running.url)
        command = [sys.executable, "-"] if block.language == "python" else ["bash", "-eu", "-"]
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=120,
            check=False,
        )
        said = f"{block.text}\n--- it said:\n{done.stdout}\n{done.stderr}"
        assert done.returncode == block.exit_code, said
        assert '"status":4' not in done.stdout, said  # curl does not fail on a problem document
        assert '"status":5' not in done.stdout, said
        assert done.stdout.strip() or done.stderr.strip(), said
