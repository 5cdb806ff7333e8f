"""Every verb against a running system: what it says, as JSON too, and how it ends."""

import asyncio
import hashlib
import json
import signal
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from rollbook.cli.exits import Exit
from rollbook.cli.place import Place
from rollbook.eventlog.topics import TOPICS
from tests.e2e.conftest import Console, System
from tests.e2e.program import started
from tests.integration.query.system import until
from tests.support import models


@pytest.fixture
def name() -> str:
    """A model of its own for each test."""
    return f"m{uuid4().hex[:8]}"


@pytest.fixture
def model(folder: Path) -> Path:
    file = folder / "model.joblib"
    file.write_bytes(b"weights")
    return file


def made(console: Console, *arguments: object) -> Any:
    ended = console(*arguments, "--json")
    assert ended.code == Exit.DONE, ended
    return json.loads(ended.out)


def test_a_registered_file_is_a_version_with_all_that_was_said_about_it(
    console: Console, name: str, model: Path
) -> None:
    digest = hashlib.sha256(b"weights").hexdigest()
    ended = console(
        *("register", name, model, "--metric", "auc=0.93", "--param", "depth=8"),
        *("--tag", "owner=bob", "--description", "first", "--commit", "c0ffee"),
        *("--data", f"s3://data/train=sha256:{digest}", "--run-id", "r1"),
    )
    assert ended.code == Exit.DONE
    assert "model registered" in ended.out
    assert "version 1 registered" in ended.out

    shown = made(console, "show", f"{name}@1")
    assert shown["artifact"]["digest"] == f"sha256:{digest}"
    assert shown["artifact"]["uri"] == model.as_uri()
    assert shown["artifact"]["size"] == len(b"weights")
    assert shown["metrics"] == {"auc": 0.93}
    assert shown["params"] == {"depth": "8"}
    assert shown["tags"] == {"owner": "bob"}
    assert shown["description"] == "first"
    assert shown["created_by"] == "ann"
    assert shown["lineage"]["run_id"] == "r1"
    assert shown["lineage"]["code_commit"] == "c0ffee"
    assert shown["lineage"]["datasets"][0]["digest"] == f"sha256:{digest}"
    assert "auc=0.93" in console("show", name, "--version", 1).out


def test_what_a_version_was_made_in_and_tried_on_is_kept_and_shown(
    console: Console, name: str, model: Path, folder: Path
) -> None:
    lock, signature = folder / "requirements.lock", folder / "io.yaml"
    lock.write_text("scikit-learn==1.7.2\n")
    signature.write_text("inputs: [{name: age, type: long}]\noutputs: [{type: double}]\n")
    made(
        console,
        *("register", name, model, "--data", "s3://data/train"),
        *("--validation-data", f"s3://data/valid=sha256:{'ab' * 32}", "--test-data", "s3://t"),
        *("--lock", lock, "--image", "train@sha256:1", "--hardware", "8x A100"),
        *("--package", "scikit-learn=1.7.2", "--signature", signature),
        *("--data-use", "credit", "--consent", "contract"),
    )
    shown = made(console, "show", f"{name}@1")
    lineage = shown["lineage"]
    assert [data["role"] for data in lineage["datasets"]] == ["train", "validation", "test"]
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    assert lineage["runtime"]["lock_digest"] == f"sha256:{digest}"
    assert lineage["environment"] == {"scikit-learn": "1.7.2"}
    assert shown["signature"]["inputs"][0]["name"] == "age"
    said = console("show", f"{name}@1").out
    for part in ("8x A100", "train@sha256:1", "1 inputs; 1 outputs", "credit", "contract"):
        assert part in said


def test_the_same_idempotency_key_is_the_same_version(
    console: Console, name: str, model: Path
) -> None:
    first = made(console, "register", name, model, "--idempotency-key", "job-1")
    again = made(console, "register", name, model, "--idempotency-key", "job-1")
    assert (first["outcome"], again["outcome"]) == ("accepted", "confirmed")
    assert again["version"] == first["version"] == 1
    model.write_bytes(b"other weights")
    other = console("register", name, model, "--idempotency-key", "job-1", "--json")
    assert other.code == Exit.REFUSED
    assert json.loads(other.out)["error"]["code"] == "idempotency_conflict"


def test_what_served_in_between_is_known_after_a_rollback(
    console: Console, name: str, model: Path
) -> None:
    for _ in range(2):
        made(console, "register", name, model)
    made(console, "promote", name, 1)
    second = made(console, "promote", name, 2)
    ended = console("rollback", name, "--reason", "slow [really]")
    assert ended.code == Exit.DONE
    assert "version 1 serves in production again, not 2: slow [really]" in ended.out

    now = made(console, "show", name)
    assert [(s["version"], s["reason"]) for s in now["environments"]] == [(1, "slow [really]")]
    then = made(console, "show", name, "--as-of", second["position"])
    assert [s["version"] for s in then["environments"]] == [2]
    moment = datetime.fromisoformat(second["event"]["time"]).isoformat()
    by_time = made(console, "show", name, "--as-of", moment)
    assert [s["version"] for s in by_time["environments"]] == [2]
    assert "Nothing" in console("show", name, "--as-of", "2020-01-01").out
    by_id = made(console, "show", f"{name}@1", "--as-of", second["event"]["id"])
    assert by_id["environments"] == []
    seen = made(console, "history", name, "--as-of", second["position"])["records"]
    assert seen[-1]["position"] == second["position"]
    assert console("show", name, "--as-of", "yesterday").code == Exit.USAGE

    steps = made(console, "diff", name, "--from", second["position"])["steps"]
    assert [(s["type"], s["reason"]) for s in steps] == [("VersionRolledBack", "slow [really]")]
    change = {"of": "environment production", "field": "version", "old": 2, "new": 1}
    assert steps[0]["changes"] == [change]
    said = console("diff", name, "--from", second["position"]).out
    assert "environment production, version: 2 -> 1" in said
    assert console("diff", name, "1").code == Exit.USAGE

    types = [record["type"] for record in made(console, "history", name)["records"]]
    assert types == [
        "ModelRegistered",
        "VersionRegistered",
        "VersionRegistered",
        "VersionPromoted",
        "VersionPromoted",
        "VersionRolledBack",
    ]
    newest = made(console, "history", name, "--last", 2)["records"]
    assert [record["seq"] for record in newest] == [5, 6]
    assert "slow [really]" in console("history", name).out


def test_an_alias_moves_and_goes(console: Console, name: str, model: Path) -> None:
    for _ in range(2):
        made(console, "register", name, model)
    made(console, "alias", name, "champion", 1)
    assert "in place of 1" in console("alias", name, "champion", 2).out
    assert made(console, "show", name, "--alias", "champion")["version"] == 2
    assert made(console, "show", name)["aliases"] == {"champion": 2}
    made(console, "alias", name, "champion", "--remove")
    gone = console("show", name, "--alias", "champion")
    assert gone.code == Exit.REFUSED
    assert "champion" in gone.err


def test_tags_are_set_and_removed_on_models_and_versions(
    console: Console, name: str, model: Path
) -> None:
    made(console, "register", name, model, "--tag", "draft=1")
    assert console("tag", name, "owner=ann", "tier=1").code == Exit.DONE
    assert console("tag", f"{name}@1", "reviewed=yes", "--remove", "draft").code == Exit.DONE
    assert made(console, "show", name)["tags"] == {"owner": "ann", "tier": "1"}
    assert made(console, "show", f"{name}@1")["tags"] == {"reviewed": "yes"}
    assert "owner=ann" in console("show", name).out


def test_a_refusal_ends_with_three_and_says_what_to_do(
    console: Console, name: str, model: Path
) -> None:
    unknown = console("promote", name, 1)
    assert unknown.code == Exit.REFUSED
    assert "rollbook register" in unknown.err
    first = made(console, "register", name, model)
    made(console, "promote", name, 1)
    late = console("promote", name, 1, "--expected-seq", first["seq"], "--json")
    assert late.code == Exit.REFUSED
    assert json.loads(late.out)["error"]["code"] == "conflict"


@pytest.mark.parametrize(
    "typed",
    [
        ["promote", "Big Team/churn", "1"],
        ["promote", "churn", "1", "--environment", "Not Good"],
        ["promote", "churn", "0"],
    ],
)
def test_a_field_that_breaks_a_rule_is_bad_usage(console: Console, typed: list[str]) -> None:
    ended = console(*typed)
    assert ended.code == Exit.USAGE
    assert ended.err.startswith("rollbook: ")


def test_the_log_is_read_straight_from_kafka(console: Console, name: str, model: Path) -> None:
    registered = made(console, "register", name, model)
    last = console("tail", "--last", 3)
    assert last.code == Exit.DONE
    assert len(last.out.splitlines()) == 3
    assert f"default/{name} #2  version 1 registered" in last.out
    every = [
        json.loads(line) for line in console("tail", "--from", "start", "--json").out.splitlines()
    ]
    mine = [record for record in every if record["model"] == f"default/{name}"]
    assert [record["type"] for record in mine] == ["ModelRegistered", "VersionRegistered"]
    found = console("tail", "--from", registered["position"], "--model", name, "--json")
    assert json.loads(found.out)["position"] == registered["position"]
    assert console("tail", "--from", "999:0").code == Exit.USAGE


def test_following_the_log_shows_what_comes_until_it_is_interrupted(
    console: Console, system: System, name: str, model: Path
) -> None:
    with started(system.folder, "tail", "--follow", "--from", "start", "--json") as tail:
        tail.wait_for("WriterClaimed")
        made(console, "register", name, model)
        record = json.loads(
            tail.wait_for(f"default/{name}.*ModelRegistered|ModelRegistered.*{name}").string
        )
        assert record["actor"] == "ann"
        tail.send(signal.SIGINT)
        assert tail.ended() == Exit.DONE


def test_the_topics_are_listed_with_what_they_hold(
    console: Console, name: str, model: Path
) -> None:
    made(console, "register", name, model)
    found = {t["name"]: t for t in made(console, "topics")["topics"]}
    assert set(found) == {f"rollbook.{topic.name}" for topic in TOPICS}
    assert found["rollbook.events"]["partitions"] == found["rollbook.commands"]["partitions"] == 4
    assert found["rollbook.events"]["records"] >= 2 + 4
    assert "wishes" in console("topics").out


def test_a_rebuild_finds_the_tables_identical_and_switches(
    console: Console, name: str, model: Path
) -> None:
    made(console, "register", name, model)
    only = made(console, "replay")
    assert only["identical"]
    assert all(part["records"] for part in only["partitions"].values())
    ended = console("rebuild", "all")
    assert ended.code == Exit.DONE
    assert "every table is identical" in ended.out
    assert "claims of writers" in ended.out
    assert "is dropped" in console("rebuild", "--drop-old").out
    assert console("rebuild", "aliases", "versions", "--drop-old").code == Exit.DONE
    # The running projector goes on with the fresh tables.
    made(console, "promote", name, 1)
    assert made(console, "show", name)["environments"][0]["version"] == 1


def test_a_rebuild_puts_right_what_somebody_changed_in_the_tables(
    console: Console, system: System, name: str, model: Path
) -> None:
    made(console, "register", name, model)
    note = json.loads((system.folder / ".data" / "running.json").read_text())

    async def tamper() -> None:
        import asyncpg

        connection = await asyncpg.connect(note["postgres"])
        await connection.execute("UPDATE rollbook.versions SET description = 'tampered'")
        await connection.close()

    asyncio.run(tamper())
    assert console("replay").code == Exit.ERROR
    ended = console("rebuild", "versions", "--drop-old")
    assert ended.code == Exit.ERROR
    assert "DIFFERENT" in ended.out
    assert made(console, "show", f"{name}@1")["description"] == ""
    assert made(console, "replay")["identical"]


def test_every_model_is_listed(console: Console, name: str, model: Path) -> None:
    made(console, "register", f"team-a/{name}", model)
    keys = [m["key"] for m in made(console, "show")["models"]]
    assert f"team-a/{name}" in keys
    assert f"team-a/{name}" in console("show").out


def test_a_second_system_in_the_same_folder_is_refused_with_the_address_of_the_first(
    console: Console, system: System
) -> None:
    ended = console("up")
    assert ended.code == Exit.ERROR
    assert system.url in ended.err


def test_what_was_promoted_is_resolved_and_served(
    console: Console, system: System, name: str, folder: Path
) -> None:
    file = folder / "model.onnx"
    models.onnx(file)
    made(console, "register", name, file, "--upload")
    made(console, "promote", name, 1)
    found = made(console, "resolve", f"{name}@production", "--load", "--cache", folder / "cache")
    assert (found["version"], found["stale"]) == (1, False)
    assert Path(found["path"]).read_bytes() == file.read_bytes()
    rows = {"name": "rows", "shape": [1, 4], "datatype": "FP32", "data": [1, 1, 1, 1]}
    running = Place(system.folder / ".data").running()
    assert running is not None
    with started(system.folder, "serve", name, "--port", "0") as alone:
        url = alone.wait_for(r"serves what stands in production: (http://\S+)/v2")[1]
        for server in (running.serving, url):
            stem = f"{server}/v2/models/default.{name}"

            def answered(stem: str = stem) -> bool:
                return httpx.get(f"{stem}/ready", trust_env=False).status_code == 200

            if server == url:  # the other one loads it when it is asked
                until(answered, 60)
            answer = httpx.post(
                f"{stem}/infer", json={"inputs": [rows]}, timeout=60, trust_env=False
            )
            assert answer.json()["outputs"][0]["data"] == [2.0]
        alone.process.send_signal(signal.SIGTERM)
        assert alone.process.wait(60) == Exit.DONE
