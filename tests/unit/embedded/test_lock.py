import hashlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rollbook.embedded import StackError
from rollbook.embedded.download import pom
from rollbook.embedded.jars import LOCK, Jar, is_whole, missing, parse_lock
from rollbook.embedded.lock import UNUSED, VERSION

DIGEST = hashlib.sha256(b"content").hexdigest()
LINE = f"org.example:part:1.0  sha256:{DIGEST}  7"


def test_a_line_is_read_and_written_the_same() -> None:
    (jar,) = parse_lock(f"# comment\n\n{LINE}\n")
    assert jar == Jar("org.example", "part", "1.0", DIGEST, 7)
    assert jar.location == "org/example/part/1.0/part-1.0.jar"
    assert str(jar) == LINE


@pytest.mark.parametrize(
    "line",
    [
        "org.example:part  sha256:00  7",
        LINE.replace("sha256", "md5"),
        LINE.replace(DIGEST, DIGEST[:-2]),
        LINE.replace(DIGEST, "x" * 64),
        LINE.replace("  7", ""),
        LINE.replace("  7", "  many"),
    ],
)
def test_a_malformed_line_is_named(line: str) -> None:
    with pytest.raises(StackError, match="line 2 of the lock file"):
        parse_lock(f"{LINE}\n{line}\n")


def test_the_committed_lock_is_complete_and_of_one_kafka() -> None:
    jars = parse_lock(LOCK.read_text())
    names = [jar.artifact for jar in jars]
    assert len(set(names)) == len(names)
    assert not UNUSED & set(names)
    assert {"kafka_2.13", "kafka-clients", "log4j-core", "log4j-slf4j-impl"} <= set(names)
    assert {jar.version for jar in jars if jar.group == "org.apache.kafka"} == {VERSION}
    logging = [jar for jar in jars if jar.group == "org.apache.logging.log4j"]
    assert len({jar.version for jar in logging}) == 1


def test_only_the_exact_content_counts_as_the_jar(tmp_path: Path) -> None:
    (jar,) = parse_lock(LINE)
    file = tmp_path / jar.name
    assert not is_whole(jar, file)
    file.write_bytes(b"contenT")
    assert not is_whole(jar, file)
    assert missing([jar], tmp_path) == [jar]
    file.write_bytes(b"content")
    assert is_whole(jar, file)
    assert missing([jar], tmp_path) == []


def test_the_project_for_mvn_names_each_jar_and_nothing_behind_it() -> None:
    project = ElementTree.fromstring(pom(parse_lock(LINE)))  # noqa: S314 - our own
    dependencies = project.findall(".//dependency")
    assert [each.findtext("artifactId") for each in dependencies] == ["part"]
    assert all(each.findtext("exclusions/exclusion/artifactId") == "*" for each in dependencies)
