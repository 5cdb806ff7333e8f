import hashlib
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollbook.embedded import Progress, StackError, Unavailable, installation
from rollbook.embedded.download import fetch
from rollbook.embedded.jars import LOCK, Jar, cache, missing, parse_lock

CONTENT = b"jar " * 100_000
GOOD = hashlib.sha256(CONTENT).hexdigest()
JARS = [Jar("org.example", f"part{n}", "1.0", GOOD, len(CONTENT)) for n in range(3)]


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mirror"
    for jar in JARS:
        (folder / jar.location).parent.mkdir(parents=True)
        (folder / jar.location).write_bytes(CONTENT)
    monkeypatch.setenv("ROLLBOOK_MAVEN", folder.as_uri())
    return folder


class Flaky(http.server.SimpleHTTPRequestHandler):
    """Fails the first request of each path, breaks off the second, serves the third."""

    seen: dict[str, int]

    def do_GET(self) -> None:
        turn = self.seen[self.path] = self.seen.get(self.path, 0) + 1
        if turn == 1:
            self.send_error(503)
        elif turn == 2:
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[:1000])
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def flaky(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    Flaky.seen = {}
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *args: Flaky(*args, directory=str(mirror))
    ) as server:
        threading.Thread(target=server.serve_forever).start()
        monkeypatch.setenv("ROLLBOOK_MAVEN", f"http://127.0.0.1:{server.server_port}")
        yield
        server.shutdown()


def test_jars_are_fetched_and_the_progress_adds_up(mirror: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    fetch(JARS, tmp_path / "jars", lines.append)
    assert missing(JARS, tmp_path / "jars") == []
    last = [line for line in lines if isinstance(line, Progress)][-1]
    assert last.done == last.total == 3 * len(CONTENT)


def test_a_changed_jar_is_refused_and_not_kept(mirror: Path, tmp_path: Path) -> None:
    (mirror / JARS[1].location).write_bytes(CONTENT + b"evil")
    with pytest.raises(StackError, match=r"refused part1-1\.0\.jar") as refusal:
        fetch(JARS, tmp_path / "jars", print)
    assert not isinstance(refusal.value, Unavailable)  # never a reason to fall back
    assert "ROLLBOOK_MAVEN" in str(refusal.value)
    kept = {file.name for file in (tmp_path / "jars").iterdir()}
    assert kept <= {JARS[0].name, JARS[2].name}


def test_a_flaky_mirror_is_asked_again(flaky: None, tmp_path: Path) -> None:
    lines: list[str] = []
    fetch(JARS, tmp_path / "jars", lines.append)
    assert missing(JARS, tmp_path / "jars") == []
    last = [line for line in lines if isinstance(line, Progress)][-1]
    assert last.done == last.total


def test_a_mirror_without_the_jar_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_MAVEN", (tmp_path / "nothing").as_uri())
    with pytest.raises(Unavailable) as failure:
        fetch(JARS, tmp_path / "jars", print)
    for advice in ("nothing", "ROLLBOOK_MAVEN", "ROLLBOOK_CACHE", "--prepare", "Maven"):
        assert advice in str(failure.value)


def test_mvn_is_tried_where_the_direct_way_fails(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "mvn").write_text(
        '#!/bin/sh\nfor each; do case "$each" in -Doutput*) to="${each#*=}";; esac; done\n'
        f"grep -q '<artifactId>part0</artifactId>' pom.xml && cp '{mirror}'/*/*/*/*/*.jar \"$to\"\n"
    )
    (programs / "mvn").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.delenv("ROLLBOOK_MAVEN")
    monkeypatch.setattr("jgo.constants.MAVEN_CENTRAL_URL", (tmp_path / "nothing").as_uri())
    lines: list[str] = []
    fetch(JARS, tmp_path / "jars", lines.append)
    assert missing(JARS, tmp_path / "jars") == []
    assert any("trying mvn" in line for line in lines)


def test_a_damaged_jar_in_the_cache_is_fetched_again_and_only_that_one(
    prepared: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jars = parse_lock(LOCK.read_text())
    mirror, copy = tmp_path / "mirror", tmp_path / "cache"
    (copy / "jars").mkdir(parents=True)
    for jar in jars:
        (copy / "jars" / jar.name).symlink_to(cache() / "jars" / jar.name)
    victim = next(jar for jar in jars if jar.artifact == "kafka-raft")
    (mirror / victim.location).parent.mkdir(parents=True)
    (mirror / victim.location).write_bytes((cache() / "jars" / victim.name).read_bytes())
    damaged = copy / "jars" / victim.name
    damaged.unlink()
    damaged.write_bytes((mirror / victim.location).read_bytes()[:-1] + b"x")
    monkeypatch.setenv("ROLLBOOK_MAVEN", mirror.as_uri())
    monkeypatch.setenv("ROLLBOOK_CACHE", str(copy))
    assert missing(jars, copy / "jars") == [victim]
    installation.jar_files()
    assert missing(jars, copy / "jars") == []
