"""Lineage and impact on the command line and in Python, against a running system."""

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest
from prov.model import ProvDocument

from rollbook.cli.exits import Exit
from rollbook.client import Registry
from tests.e2e.conftest import Console, System


@pytest.fixture
def name(console: Console, folder: Path) -> str:
    """A model with a base, a version made of that, and a version that serves."""
    made = f"m{uuid4().hex[:8]}"
    data = f"s3://lake/{made}=sha256:{uuid4().hex * 2}"
    for number, origin in enumerate(
        (["--data", data, "--commit", made], ["--base-model", f"{made}@1"]), start=1
    ):
        file = folder / f"{number}.bin"
        file.write_text(f"{made} {number}")
        ended = console("register", made, file, *origin)
        assert ended.code == Exit.DONE, ended
    assert console("promote", made, "2").code == Exit.DONE
    return made


def test_a_tree_tells_where_a_version_comes_from_and_what_came_of_it(
    console: Console, name: str
) -> None:
    both = console("lineage", f"{name}@1")
    assert both.code == Exit.DONE, both
    up, down = re.split(r"led to", both.out)
    assert f"data s3://lake/{name}" in up
    assert "train" in up
    assert f"version default/{name}@2" in down
    assert "fine-tuned" in down
    assert f"serves default/{name} in production" in down
    near = console("lineage", f"{name}@2", "--up", "--depth", "1").out
    assert f"default/{name}@1" in near
    assert "s3://lake" not in near
    assert "led to" not in near
    assert "farther away" in near


def test_every_format_is_written_as_it_is(console: Console, name: str) -> None:
    def written(form: str, *more: str) -> str:
        ended = console("lineage", f"{name}@2", "--format", form, *more)
        assert ended.code == Exit.DONE, ended
        return ended.out

    assert written("dot").startswith("digraph lineage {")
    assert written("mermaid").startswith("flowchart RL")
    assert written("provn").startswith("document")
    assert json.loads(written("json"))["start"] == f"version:default/{name}@2"
    assert len(json.loads(written("openlineage"))) == 5
    assert ProvDocument.deserialize(content=written("prov"), format="json").get_records()
    assert json.loads(written("dot", "--json"))["text"].startswith("digraph")
    assert json.loads(written("tree", "--json"))["direction"] == "both"


def test_impact_tells_what_serves_because_of_a_thing(console: Console, name: str) -> None:
    for asked in (
        ["--dataset", f"s3://lake/{name}"],
        ["--commit", name],
        ["--version", f"{name}@1"],
    ):
        ended = console("impact", *asked)
        assert ended.code == Exit.DONE, ended
        assert "1 serve because of it" in ended.out
        assert "wasDerivedFrom (fine-tuned)" in ended.out
        found = json.loads(console("impact", *asked, "--json").out)
        assert [(s["environment"], s["version"]) for s in found["serving"]] == [("production", 2)]
    assert "came 0 versions" in console("impact", "--dataset", "s3://nobody").out


def test_what_cannot_be_meant_is_bad_usage(console: Console, name: str) -> None:
    for arguments in (
        ["impact"],
        ["impact", "--commit", "a", "--dataset", "b:c"],
        ["impact", "--commit", "a", "--limit", "0"],
        ["lineage", name],
        ["lineage", f"{name}@1", "--up", "--down"],
        ["lineage", f"{name}@1", "--depth", "-1"],
    ):
        assert console(*arguments).code == Exit.USAGE, arguments
    assert console("lineage", f"{name}@9").code == Exit.REFUSED


def test_the_sdk_gives_the_same_as_values(system: System, name: str, console: Console) -> None:
    with Registry(system.url) as registry:
        graph = registry.lineage(f"default/{name}", 1, direction="down")
        assert [node.kind for node in graph.nodes] == ["version", "version", "deployment"]
        found = registry.impact(version=(f"default/{name}", 1))
        (service,) = found.serving
        assert (service.environment, service.path[0].relation) == ("production", "wasDerivedFrom")
        assert found.things[0].facts["stage"] == "registered"
        assert service.since.tzinfo is not None
        then = registry.lineage(
            f"default/{name}", 1, as_of=registry.version(f"default/{name}", 1).position
        )
        assert [node.label for node in then.nodes if node.kind == "version"] == [
            f"default/{name}@1"
        ]
        prov = registry.lineage_as(f"default/{name}", 1, "prov")
        assert f"rollbook:version:default/{name}@1" in prov["entity"]
