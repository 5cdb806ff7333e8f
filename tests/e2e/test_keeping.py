"""The drill: a registry is kept, destroyed and put back; what was erased stays erased."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rollbook.cli.__main__ import run
from rollbook.cli.exits import Exit
from rollbook.client import Refused, Registry
from tests.e2e.conftest import Ended
from tests.e2e.program import Program, clean_environment, nothing_runs_below, started

ADDRESS = r"API, to try out +(http://\S+)/docs"


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are typed into the folder, by ann."""
    for name in [name for name in os.environ if name.startswith("ROLLBOOK_")]:
        if name not in clean_environment():
            monkeypatch.delenv(name)
    monkeypatch.setenv("ROLLBOOK_ACTOR", "ann")
    monkeypatch.chdir(folder)


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str]) -> "Typing":
    return Typing(capsys)


class Typing:
    """Types `rollbook …` here; all but what must be refused has to end well."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object, code: Exit = Exit.DONE) -> Ended:
        found = run([str(argument) for argument in arguments])
        written = self._capsys.readouterr()
        assert found == code, written.out + written.err
        return Ended(found, written.out, written.err)


def stopped(program: Program) -> None:
    program.send(signal.SIGINT)
    assert program.ended() == 0, program.errors


def lived(url: str, console: Typing) -> tuple[str, str, list[str]]:
    """Two references, of which the second was erased after the vault was kept; a model's events."""
    with Registry(url, actor="ann") as registry:
        registry.register_model("team/churn", description="it tells who leaves")
        for number in (1, 2):
            artifact = {"uri": f"s3://models/{number}", "digest": f"sha256:{number:064x}"}
            registry.register_version("team/churn", artifact)
            registry.promote("team/churn", number)
        stays = registry.personal("team", "Ada, +44 20 7946 0000")
        goes = registry.personal("team", "Bob, +44 20 7946 0001")
        console("vault", "export", "vault.gz")  # from before he asked to be forgotten
        registry.event(registry.erase("team", [goes], "he asked for it").position)
        return stays, goes, [record.id for record in registry.history("team/churn")]


def test_the_drill(folder: Path, console: Typing) -> None:
    with started(folder, "up", "--port", "0") as program:
        url = program.wait_for(ADDRESS)[1]
        stays, goes, history = lived(url, console)
        console("audit", "key", "signer.key", "--name", "example.org/book")
        console("audit", "checkpoint", "shelf", "--key", "signer.key")
        kept = json.loads(
            console("log", "export", "log.tar", "--checkpoints", "shelf", "--json").out
        )
        console("log", "export", "log.tar", code=Exit.USAGE)
        digest = json.loads(console("log", "digest", "--json").out)
        assert [part["root"] for part in digest["partitions"]] == kept["roots"]
        console(
            *("audit", "export", "churn.jsonl", "--model", "team/churn"),
            *("--checkpoints", "shelf", "--key", "signer.key"),
        )
        console("log", "import", "log.tar", code=Exit.ERROR)  # one runs here
        stopped(program)
    nothing_runs_below(folder / ".data")
    assert Path("vault.gz").stat().st_mode & 0o077 == 0
    shutil.rmtree(folder / ".data")

    done = json.loads(console("log", "import", "log.tar", "--json").out)
    assert done["roots"] == kept["roots"]
    assert done["written"] == sum(kept["sizes"])
    again = json.loads(console("log", "import", "log.tar", "--json").out)
    assert again["written"] == 0
    nothing_runs_below(folder / ".data")

    with started(folder, "up", "--port", "0") as program:
        url = program.wait_for(ADDRESS)[1]
        back = json.loads(console("vault", "import", "vault.gz", "--json").out)
        assert back["new"] == 2
        with Registry(url, actor="ann") as registry:
            registry.event(registry.promote("team/churn", 1).position)
            assert registry.environments("team/churn")["production"].version == 1
            after = [record.id for record in registry.history("team/churn")]
            assert set(history) < set(after)
            assert len(after) == len(history) + 1
            assert registry.reveal("team", stays).content.startswith("Ada")
            with pytest.raises(Refused):
                registry.reveal("team", goes)
        console("audit", "checkpoint", "shelf", "--key", "signer.key")  # it goes on from the old
        console("audit", "export", "bundle.tar", "--checkpoints", "shelf")
        for file in ("bundle.tar", "churn.jsonl", "log.tar"):
            verified = console("audit", "verify", file, "--key", "shelf/keys.txt")
            assert "as it was signed" in verified.out
        kept_notes = [f"--checkpoint={note}" for note in Path("shelf").glob("checkpoint-*.note")]
        console("audit", "verify", "bundle.tar", "--key", "shelf/keys.txt", *kept_notes)
        other = console("log", "import", "log.tar", "--folder", ".data", code=Exit.ERROR)
        assert "already runs" in other.err
        stopped(program)
    refused = console("log", "import", "log.tar", code=Exit.REFUSED)
    assert "is not empty" in refused.err


def test_a_clone_is_as_the_registry_was_and_goes_its_own_way(folder: Path, console: Typing) -> None:
    with started(folder, "up", "--port", "0") as program:
        url = program.wait_for(ADDRESS)[1]
        with Registry(url, actor="ann") as registry:
            registry.register_model("team/churn", description="it tells who leaves")
            then = registry.describe_model("team/churn", description="changed once").position
            registry.event(registry.describe_model("team/churn", description="twice").position)
        console("log", "clone", "then", "--as-of", then)
        console("log", "clone", "then", code=Exit.USAGE)
        assert not [file for file in folder.iterdir() if file.name.startswith(".then")]
        with started(folder, "up", "--folder", "then", "--port", "0") as clone:
            other = clone.wait_for(ADDRESS)[1]
            with Registry(other, actor="ann") as copy, Registry(url, actor="ann") as registry:
                assert len(list(copy.history("team/churn"))) == 2
                outcome = copy.describe_model("team/churn", description="otherwise")
                assert outcome.seq == 3
                copy.event(outcome.position)
                assert copy.model("team/churn").description == "otherwise"
                assert registry.model("team/churn").description == "twice"
            stopped(clone)
        stopped(program)


def test_a_killed_import_leaves_nothing_that_could_be_started(
    folder: Path, console: Typing
) -> None:
    with started(folder, "up", "--port", "0") as program:
        url = program.wait_for(ADDRESS)[1]
        with Registry(url, actor="ann") as registry:
            registry.register_model("team/churn")
        console("log", "export", "log.tar")
        stopped(program)
    shutil.rmtree(folder / ".data")
    importing = subprocess.Popen(
        [sys.executable, "-m", "rollbook.cli", "log", "import", "log.tar"],
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert importing.stderr is not None
    for line in importing.stderr:
        if "Kafka is ready" in line:
            break
    importing.kill()
    importing.wait()
    importing.stderr.close()
    nothing_runs_below(folder / ".data.new")
    assert not (folder / ".data").exists()
    console("log", "import", "log.tar")
    with started(folder, "up", "--port", "0") as program:
        with Registry(program.wait_for(ADDRESS)[1], actor="ann") as registry:
            assert registry.register_model("team/churn").type == "CommandConfirmed"
        stopped(program)
