"""`rollbook artifact …` on a real store: what is needed survives every sweep, the rest goes."""

import asyncio
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rollbook.artifacts.store import Store
from rollbook.cli.__main__ import run
from rollbook.cli.estate import Estate
from rollbook.cli.sweeping import Sweep
from rollbook.client import Refused, Registry
from rollbook.domain.custody import Action
from rollbook.domain.rulebook import Retention
from tests.integration.query.system import System, running
from tests.support.stack import Cluster

DAYS = 86_400
LOGGED = re.compile(r"^\d{4}-\d\d-\d\d \d\d:.*\n", re.MULTILINE)
"""Of the services, which run in this process."""
AT_ONCE = timedelta(microseconds=1)

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str


class Console:
    """Types `rollbook …` about one namespace; in this process, as that is quicker."""

    def __init__(
        self, capsys: pytest.CaptureFixture[str], store: Path, files: Path, namespace: str
    ) -> None:
        self._capsys, self._store, self._files = capsys, store, files
        self.namespace = namespace
        self.model = f"{namespace}/m"
        self._mine: set[str] = set()

    def __call__(self, *arguments: object) -> Ended:
        code = run([str(argument) for argument in arguments])
        written = self._capsys.readouterr()
        return Ended(code, LOGGED.sub("", written.out), written.err)

    def done(self, *arguments: object) -> Any:
        """The document of a command that must be done."""
        ended = self(*arguments, "--json")
        assert ended.code == 0, ended.err
        return json.loads(ended.out)

    def file(self, name: str) -> Path:
        """A file that no other test has."""
        made = self._files / f"{name}.bin"
        made.write_bytes(f"{self.namespace} {name}".encode().ljust(1000, b"."))
        return made

    def pushed(self, path: Path) -> str:
        """The digest of what was put into the store."""
        return self._noted(self.done("artifact", "push", path, "-n", self.namespace)["digest"])

    def registered(self, name: str) -> str:
        """The digest of the next version."""
        outcome = self.done("register", self.model, self.file(name), "--upload")
        artifact = outcome["event"]["data"]["artifact"]
        assert artifact["uri"] == f"rollbook:{artifact['digest']}"
        return self._noted(artifact["digest"])

    def _noted(self, digest: str) -> str:
        self._mine.add(digest)
        return digest

    def sweep(self, *arguments: object) -> dict[str, str]:
        """What of ours is to be done, or was: action by digest."""
        items = self.done("artifact", "sweep", *arguments)["items"]
        return {i["digest"]: i["action"] for i in items if i["digest"] in self._mine}

    def age(self) -> None:
        """Let everything in the store have come two days ago."""
        then = time.time() - 2 * DAYS
        for file in self._store.rglob("*"):
            os.utime(file, (then, then))

    def held(self, digest: str) -> list[str]:
        """In which tiers the bytes lie."""
        digits = digest.removeprefix("sha256:")
        found = [file for file in self._store.rglob(digits) if file.is_file()]
        return ["archive" if "archive" in file.parts else "standard" for file in found]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def own(cluster: Cluster, store: Path) -> Iterator[System]:
    """A registry and a store of these tests alone: a sweep looks at all of it."""
    schema = cluster.schema()
    with running(cluster.log(), cluster.postgres, schema, artifacts=str(store)) as started:
        yield started


@pytest.fixture
def registry(own: System) -> Iterator[Registry]:
    with Registry(own.url, actor="ann") as made:
        yield made


@pytest.fixture
def console(
    own: System,
    store: Path,
    namespace: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Console:
    for name in [name for name in os.environ if name.startswith("ROLLBOOK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ROLLBOOK_URL", own.url)
    monkeypatch.setenv("ROLLBOOK_ARTIFACTS", str(store))
    monkeypatch.setenv("ROLLBOOK_ACTOR", "ann")
    return Console(capsys, store, tmp_path, namespace)


def announced(registry: Registry, digest: str) -> list[Any]:
    """What sweeps have put on record about a digest, by ann."""
    try:
        records = [r for r in registry.governance("rollbook") if r.type == "DeletionsAnnounced"]
    except Refused:  # nothing was ever decided about it
        return []
    assert {record.actor for record in records} <= {"ann"}
    found = [deletion for record in records for deletion in record.data["deletions"]]
    return [deletion for deletion in found if deletion["digest"] == digest]


def test_what_is_needed_survives_every_sweep(
    console: Console, registry: Registry, tmp_path: Path
) -> None:
    names = ("serving", "named", "gone", "held", "old", "asked", "newest")
    serving, named, gone, held, old, asked, newest = map(console.registered, names)
    registry.promote(console.model, 1)
    registry.set_alias(console.model, "champion", 2)
    registry.archive(console.model, 3, "unused")
    registry.archive(console.model, 4, "unused")
    registry.request_promotion(console.model, 6, "it is better")
    last = console.done("artifact", "hold", f"{console.model}@4", "--reason", "case 7")
    assert last["type"] == "VersionHeld"
    (hold,) = console.done("artifact", "holds", console.namespace)["holds"]
    assert (hold["model"], hold["version"], hold["reason"]) == (console.model, 4, "case 7")
    assert f"{console.model}@4" in console("artifact", "holds").out

    # Without a retention nothing goes, and with one nothing that came today.
    console.age()
    assert console.sweep() == {}
    strict = Retention(keep_last=1, archive_after=AT_ONCE, delete_after=AT_ONCE)
    registry.set_retention(console.namespace, strict)
    assert console.sweep() == {gone: "delete", old: "archive"}
    assert (console.held(gone), console.held(old)) == (["standard"], ["standard"])

    assert announced(registry, gone) == []
    assert console.sweep("--apply") == {gone: "delete", old: "archive"}
    assert console.sweep("--apply") == {}
    (deletion,) = announced(registry, gone)
    assert deletion["size"] == 1000
    assert "archived" in deletion["reason"]
    assert (console.held(gone), console.held(old)) == ([], ["archive"])
    for digest in (serving, named, held, asked, newest):
        assert console.held(digest) == ["standard"]
    back = console.done("artifact", "pull", f"{console.model}@champion", tmp_path / "back")
    assert Path(back["path"]).read_bytes() == console.file("named").read_bytes()
    cold = console.done("artifact", "pull", f"{console.model}@5", tmp_path / "cold")
    assert Path(cold["path"]).read_bytes() == console.file("old").read_bytes()

    # What is needed again comes back out of the archive; what is no longer held goes.
    registry.promote(console.model, 5, "staging")
    console.done("artifact", "release", f"{console.model}@4", "--reason", "closed")
    assert console.done("artifact", "holds", console.namespace)["holds"] == []
    assert console.sweep("--apply") == {old: "restore", held: "delete"}
    assert (console.held(old), console.held(held)) == (["standard"], [])


def test_what_nobody_names_goes_after_a_day_but_not_what_others_share(
    console: Console, tmp_path: Path
) -> None:
    shared = console.registered("shared")
    folder = tmp_path / "folder"
    folder.mkdir()
    console.file("only").rename(folder / "only")
    (folder / "same").write_bytes(console.file("shared").read_bytes())
    whole, orphan = console.pushed(folder), console.pushed(console.file("orphan"))
    only = console.pushed(folder / "only")
    assert console.sweep() == {}

    console.age()
    found = console.sweep()
    assert found == {whole: "delete", only: "delete", orphan: "delete"}
    shown = console("artifact", "sweep")
    assert (shown.code, shown.err) == (0, "")
    assert "no version names it" in shown.out
    assert "Nothing was changed" in shown.out
    assert console.held(orphan) == ["standard"]

    # Who pushes it again is about to register it.
    console.pushed(console.file("orphan"))
    assert console.sweep("--apply") == {whole: "delete", only: "delete"}
    assert (console.held(whole), console.held(only), console.held(shared)) == ([], [], ["standard"])


def test_each_thing_is_looked_at_again_right_before_it_goes(
    console: Console, registry: Registry, store: Path
) -> None:
    console.registered("first")
    late, claimed, orphan = (
        console.pushed(console.file(name)) for name in ("late", "claimed", "orphan")
    )
    console.age()

    async def swept() -> set[str]:
        sweep = Sweep(Store.open(str(store)), Estate(registry))
        plan = await sweep.plan()
        assert {late, claimed, orphan} <= {r.blob.digest for r in plan.of(Action.DELETE)}
        with Registry(registry.url, actor="bob") as other:
            made = {"uri": f"rollbook:{late}", "digest": late}
            other.event(other.register_version(console.model, made).position)  # until it shows
            other.upload(console.file("claimed"), namespace=console.namespace)
        return {ruling.blob.digest async for ruling in sweep.carry_out(plan)}

    assert {late, claimed, orphan} & asyncio.run(swept()) == {orphan}
    assert console.held(late) == console.held(claimed) == ["standard"]


def test_uploads_that_were_broken_off_are_dropped_after_a_day(
    console: Console, registry: Registry, store: Path
) -> None:
    console.registered("first")
    wish = {"digest": "sha256:" + "1" * 64, "size": 10, "namespace": console.namespace}
    begun = registry.post("/api/v1/artifacts/uploads", wish)["upload"]
    assert console.done("artifact", "sweep")["uploads"] == []
    console.age()
    left = console.done("artifact", "sweep")["uploads"]
    assert begun in {upload["upload"] for upload in left}
    console.done("artifact", "sweep", "--apply")
    assert console.done("artifact", "sweep")["uploads"] == []


def test_a_store_of_another_registry_is_not_swept(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    strange = other / "sha256" / "00" / ("0" * 64)
    strange.parent.mkdir(parents=True)
    strange.write_bytes(b"theirs")
    os.utime(strange, (0, 0))
    monkeypatch.setenv("ROLLBOOK_ARTIFACTS", str(other))
    assert console.done("artifact", "sweep")["items"][0]["action"] == "delete"
    ended = console("artifact", "sweep", "--apply")
    assert (ended.code, strange.exists()) == (3, True)
    assert "is it that of another one?" in ended.err


def test_teams_share_the_cost_of_what_both_name(console: Console, registry: Registry) -> None:
    console.registered("mine")
    both = console.file("both")
    console.done("register", console.model, both, "--upload")
    console.done("register", f"{console.namespace}/other", both, "--upload")
    registry.assign_owner(console.model, "ann", "red")
    registry.wait(registry.assign_owner(f"{console.namespace}/other", "bob", "blue").position)
    found = console.done("artifact", "cost", "--price", 2, "--archive-price", 1)
    mine = {i["team"]: i for i in found["items"] if i["namespace"] == console.namespace}
    assert {team: item["standard"] for team, item in mine.items()} == {"red": 1500, "blue": 500}
    assert mine["red"]["month"] == pytest.approx(1500 * 2 / 1e9)
    assert "blue" in console("artifact", "cost").out


def test_retention_is_shown_as_it_was_set(console: Console) -> None:
    space = console.namespace
    before = console.done("retention", "show", space)
    assert (before["version"], before["set_by"]) == (0, None)
    assert Retention.model_validate(before["retention"]) == Retention()
    console.done("retention", "set", space, "--keep-last", 2, "--delete-after", "4w")
    shown = console.done("retention", "show", space)["retention"]
    assert Retention.model_validate(shown) == Retention(
        keep_last=2, delete_after=timedelta(weeks=4)
    )
    told = console("retention", "show", space).out
    assert "The newest 2 versions" in told
    assert "by ann" in told
    assert console("retention", "set", space, "--archive-after", "soon").code == 2


def test_what_lies_elsewhere_or_nowhere_is_said(console: Console, tmp_path: Path) -> None:
    console.done("register", console.model, console.file("here"))
    ended = console("artifact", "pull", f"{console.model}@1", tmp_path / "back")
    assert (ended.code, "do not lie in the registry's store" in ended.err) == (3, True)
    assert console("artifact", "show", "sha256:" + "0" * 64).code == 3
    assert console("artifact", "push", tmp_path / "nothing").code == 2
    assert console("artifact", "pull", "nonsense").code == 2
    digest = console.pushed(console.file("x"))
    assert console.done("artifact", "show", digest)["size"] == 1000
    (tmp_path / "there").write_text("something else")
    assert console("artifact", "pull", digest, tmp_path / "there").code == 2
