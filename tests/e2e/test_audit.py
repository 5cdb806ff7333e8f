"""The log of a running system: signed, exported, verified by a program without our packages."""

import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from rollbook.cli.exits import Exit
from rollbook.client import Registry
from tests.e2e.conftest import Console, System

ROOT = Path(__file__).parents[2]
ALONE = """
import runpy, sys
sys.path[:0] = sys.argv.pop(1).split("\\n")
for name in ("pydantic", "aiokafka", "rollbook.domain", "rollbook.eventlog"):
    try:
        __import__(name)
    except ImportError:
        continue
    sys.exit(f"{name} can be imported")
runpy.run_module("rollbook.audit", run_name="__main__", alter_sys=True)
"""

Outsider = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def outsider(tmp_path: Path) -> Outsider:
    """Runs the verifier in an isolated Python that finds it, `cryptography`, and nothing else."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for name in ("cryptography", "cffi", "_cffi_backend"):
        found = find_spec(name)
        assert found is not None, name
        origin = Path(found.origin or "")
        origin = origin.parent if origin.name == "__init__.py" else origin
        (packages / origin.name).symlink_to(origin)

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        path = f"{ROOT / 'libs/audit/src'}\n{packages}"
        return subprocess.run(
            [sys.executable, "-I", "-S", "-c", ALONE, path, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "a folder"
    made.mkdir()
    return made


def test_an_outsider_verifies_the_log_and_sees_every_forgery(
    system: System, console: Console, folder: Path, outsider: Outsider
) -> None:
    with Registry(system.url, actor="ann") as registry:
        for number in range(12):
            registry.register_model(f"team/model-{number}")
        last = registry.register_model("team/churn", description="it tells who leaves")
    secret, shelf, bundle = folder / "signer.key", folder / "checkpoints", folder / "bundle"

    made = console("audit", "key", secret, "--name", "example.org/book")
    assert made.code == Exit.DONE, made.err
    verifier = made.out.strip()
    assert verifier.startswith("example.org/book+")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert console("audit", "key", secret).out.strip() == verifier

    assert console("audit", "checkpoint", shelf, "--key", secret).code == Exit.DONE
    kept = folder / "kept"
    shutil.copytree(shelf, kept)
    with Registry(system.url, actor="ann") as registry:
        registry.register_model("team/later")
    signed = console("audit", "checkpoint", shelf, "--key", secret, "--json")
    assert signed.code == Exit.DONE, signed.err
    assert len(list(shelf.glob("*.note"))) == len(list(kept.glob("*.note"))) + 1

    written = console("audit", "export", bundle, "--checkpoints", shelf)
    assert written.code == Exit.DONE, written.err
    verified = outsider("verify", bundle, "--key", verifier, "--checkpoint", kept)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "what you hold is part of it" in verified.stdout
    ours = console("audit", "verify", bundle, "--key", shelf / "keys.txt", "--json")
    assert (ours.code, json.loads(ours.out)["clean"]) == (Exit.DONE, True)

    packed = folder / "bundle.tar"
    assert console("audit", "export", packed, "--checkpoints", shelf).code == Exit.DONE
    assert outsider("verify", packed, "--key", verifier).returncode == 0

    proof = folder / "proof.json"
    position = str(last.position)
    proved = console("audit", "prove", position, "--checkpoints", shelf, "--to", proof)
    assert proved.code == Exit.DONE, proved.err
    said = outsider("verify", proof, "--key", verifier)
    assert said.returncode == 0, said.stdout + said.stderr
    assert f"{position} team/churn ModelRegistered" in said.stdout

    partition, offset = position.split(":")
    records = bundle / f"records-{partition}.jsonl"
    lines = records.read_bytes().splitlines(keepends=True)
    del lines[int(offset)]
    records.write_bytes(b"".join(lines))
    forged = outsider("verify", bundle, "--key", verifier, "--checkpoint", kept, "--json")
    assert forged.returncode == 1
    places = {(f["partition"], f["offset"]) for f in json.loads(forged.stdout)["findings"]}
    assert (int(partition), int(offset)) in places


def test_a_log_that_is_not_the_one_that_was_signed_gets_no_signature(
    system: System, console: Console, folder: Path
) -> None:
    with Registry(system.url, actor="ann") as registry:
        registry.register_model("team/another")
    secret, shelf = folder / "signer.key", folder / "checkpoints"
    console("audit", "key", secret)
    assert console("audit", "checkpoint", shelf, "--key", secret).code == Exit.DONE

    from rollbook.audit.checkpoint import Checkpoint
    from rollbook.audit.note import SigningKey

    signer = SigningKey.parse(secret.read_text().strip())
    genuine = min(shelf.glob("*.note"))
    found = Checkpoint.open(genuine.read_text(), [signer.verifier])
    other = Checkpoint(found.app, found.partition, found.size, bytes(32))
    genuine.write_text(other.signed([signer]))

    with Registry(system.url, actor="ann") as registry:
        for number in range(12):
            registry.register_model(f"other/model-{number}")
    before = sorted(shelf.iterdir())
    refused = console("audit", "checkpoint", shelf, "--key", secret)
    assert refused.code == Exit.REFUSED
    assert "forked" in refused.err
    assert sorted(shelf.iterdir()) == before
    exported = console("audit", "export", folder / "bundle", "--checkpoints", shelf)
    assert exported.code == Exit.REFUSED
    assert not (folder / "bundle").exists()
