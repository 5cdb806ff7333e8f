import hashlib
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rollbook.domain.aliases import SetAlias
from rollbook.domain.catalog import RegisterModel
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.versions import ArchiveVersion, RegisterVersion
from rollbook.imports.mlflow import read_mlflow
from rollbook.imports.mlflow_api import SourceError, connect
from rollbook.imports.plan import Entry, Plan, Skipped
from tests.unit.imports.desk import Desk
from tests.unit.imports.mlflow_server import Books, serving

MLMODEL = b"""\
flavors:
  python_function:
    python_version: 3.11.7
signature:
  inputs: '[{"type": "double", "name": "amount", "required": true}]'
  outputs: '[{"type": "long", "required": true}]'
"""
AT = 1795238635548  # 2026-11-21T05:23:55.548Z


def version(name: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "version": str(number),
        "creation_timestamp": AT + number * 1000,
        "last_updated_timestamp": AT + number * 1000,
        "current_stage": "None",
        "description": "",
        "source": f"models:/m-{number}",
        "run_id": f"run{number}",
        "status": "READY",
        "run_link": "",
    } | more


def run(number: int, **data: Any) -> dict[str, Any]:
    return {
        "info": {
            "run_id": f"run{number}",
            "experiment_id": "1",
            "user_id": "ada",
            "start_time": AT,
            "end_time": AT + 12_970,
            "artifact_uri": f"/srv/run{number}/artifacts",
        },
        "data": {"metrics": [], "params": [], "tags": []} | data,
        "inputs": {},
    }


def books() -> Books:
    """One model of four versions, of which the second was deleted; two in Production."""
    found = Books()
    found.models = [
        {
            "name": "fraud",
            "creation_timestamp": AT,
            "description": "Finds fraud.",
            "tags": [{"key": "team", "value": "risk"}],
            "aliases": [
                {"alias": "champion", "version": "3"},
                {"alias": "v1", "version": "1"},
            ],
        },
        {"name": "greet", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]},
        {"name": " bad"},
    ]
    found.versions = [
        version("fraud", 1, current_stage="Archived", last_updated_timestamp=AT + 9000),
        version("fraud", 3, current_stage="Production", last_updated_timestamp=AT + 8000),
        version(
            "fraud",
            4,
            current_stage="Staging",
            description="the last",
            user_id="kofi",
            tags=[{"key": "owner", "value": "ada"}, {"key": "long", "value": "x" * 6000}],
        ),
    ]
    found.runs = {f"run{number}": run(number) for number in (1, 3, 4)}
    found.runs["run4"] = run(
        4,
        metrics=[
            {"key": "auc", "value": 0.9, "timestamp": 2, "step": 0},
            {"key": "auc", "value": 0.8, "timestamp": 1, "step": 0},
            {"key": "loss", "value": "NaN", "timestamp": 1, "step": 0},
        ],
        params=[{"key": "depth", "value": "8"}],
        tags=[{"key": "mlflow.source.git.commit", "value": "abc123"}],
    ) | {
        "inputs": {
            "dataset_inputs": [
                {
                    "tags": [{"key": "mlflow.data.context", "value": "training"}],
                    "dataset": {
                        "name": "train",
                        "digest": "cc0caf3c",
                        "source": '{"uri": "s3://data/train set.parquet"}',
                    },
                },
                {
                    "tags": [{"key": "mlflow.data.context", "value": "eval"}],
                    "dataset": {"name": "later", "digest": "11", "source": "{}"},
                },
            ]
        }
    }
    for number in (1, 3, 4):
        found.logged[f"m-{number}"] = {"info": {"model_id": f"m-{number}"}, "data": {}}
        found.uris["fraud", str(number)] = f"mlflow-artifacts:/1/m-{number}"
        found.files |= {
            f"1/m-{number}/MLmodel": MLMODEL,
            f"1/m-{number}/model.bin": b"weights %d" % number,
            f"1/m-{number}/code/a b/load.py": b"pass",
        }
    return found


def read(found: Books, **options: Any) -> list[Entry]:
    with serving(found) as address, connect(address) as server:
        return list(read_mlflow(server, namespace="team", **options))


def plans(entries: list[Entry]) -> list[Plan]:
    return [entry for entry in entries if isinstance(entry, Plan)]


def left(entries: list[Entry]) -> dict[str, str]:
    return {entry.what: entry.reason for entry in entries if isinstance(entry, Skipped)}


def registrations(entries: list[Entry]) -> list[RegisterVersion]:
    return [p.command for p in plans(entries) if isinstance(p.command, RegisterVersion)]


def test_a_model_comes_over_with_its_versions_stages_and_aliases() -> None:
    found = plans(read(books()))

    assert [(type(plan.command), plan.version) for plan in found] == [
        (RegisterModel, None),
        (RegisterVersion, "1"),
        (RegisterVersion, "3"),
        (RegisterVersion, "4"),
        (PromoteVersion, "4"),
        (PromoteVersion, "3"),
        (ArchiveVersion, "1"),
        (SetAlias, "3"),
    ]
    assert {plan.model for plan in found} == {"team/fraud"}
    assert found[0].command == RegisterModel(description="Finds fraud.", tags={"team": "risk"})
    assert found[5].command == PromoteVersion(version=2, environment="production")


def test_original_times_and_addresses_are_kept() -> None:
    with serving(books()) as address, connect(address) as server:
        found = plans(list(read_mlflow(server, namespace="team")))

    assert found[2].origin == f"mlflow+{address}/models/fraud/versions/3"
    assert found[2].origin_time == datetime(2026, 11, 21, 5, 23, 58, 548000, UTC)
    assert found[5].origin == f"mlflow+{address}/models/fraud/versions/3#stage=Production"


def test_a_password_in_the_address_is_not_written_down() -> None:
    with serving(books()) as address:
        there = address.replace("http://", "http://ada:secret@")
        with connect(there) as server:
            entries = list(read_mlflow(server, namespace="team"))

    assert "secret" not in repr(entries)


def test_a_version_has_the_facts_of_its_run() -> None:
    entries = read(books())
    last = registrations(entries)[-1]

    assert last.metrics == {"auc": 0.9}
    assert last.params == {"depth": "8"}
    assert last.description == "the last"
    assert last.tags == {
        "owner": "ada",
        "mlflow.version": "4",
        "mlflow.source": "models:/m-4",
        "mlflow.dataset.train": "cc0caf3c",
        "mlflow.dataset.later": "11",
    }
    assert last.lineage.run_id == "run4"
    assert last.lineage.code_commit == "abc123"
    assert [(data.uri, data.role) for data in last.lineage.datasets] == [
        ("s3://data/train%20set.parquet", "train"),
        ("mlflow-dataset:later", "test"),
    ]
    assert last.lineage.runtime is not None
    assert last.lineage.runtime.python == "3.11.7"
    assert last.signature is not None
    assert last.signature.inputs[0]["name"] == "amount"


def test_what_the_registry_cannot_hold_is_told() -> None:
    reasons = left(read(books()))

    assert "5000" in reasons["tag of version 4: long"]
    assert "finite" in reasons["metric of version 4: loss"]
    assert "reserved" in reasons["alias v1"]
    assert "white space" in reasons["the model"] or "prompt" in reasons["the model"]


def test_the_digest_of_a_folder_is_what_sha256sum_says(tmp_path: Path) -> None:
    found = books()
    for path, content in found.files.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    command = r"find . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum"
    folder = tmp_path / "1/m-1"
    shell = ["bash", "-c", command]
    told = subprocess.run(shell, cwd=folder, capture_output=True, check=True, text=True)

    artifact = registrations(read(found))[0].artifact

    assert artifact.digest == "sha256:" + told.stdout.split()[0]
    assert artifact.uri == "mlflow-artifacts:/1/m-1"
    assert artifact.size == len(MLMODEL) + len(b"weights 1") + len(b"pass")


@pytest.mark.parametrize("kind", ["logged model", "run", "mount"])
def test_files_that_are_not_proxied_come_by_another_door(kind: str, tmp_path: Path) -> None:
    usual, found = read(books()), books()
    mounts: dict[str, Path] = {}
    files = {
        path.removeprefix("1/m-1/"): found.files[path] for path in found.files if "m-1" in path
    }
    match kind:
        case "logged model":
            found.uris["fraud", "1"] = "s3://bucket/m-1"
            found.files |= {f"m-1/{path}": content for path, content in files.items()}
        case "run":
            found.versions[0]["source"] = "/srv/run1/artifacts/model"
            found.uris["fraud", "1"] = "/srv/run1/artifacts/model"
            found.files |= {
                f"run1/{place}model/{path}": content
                for path, content in files.items()
                for place in ("", "artifacts/")
            }
        case _:
            found.uris["fraud", "1"] = "s3://bucket/m-1"
            mounts = {"s3://bucket": tmp_path}
            for path, content in files.items():
                file = tmp_path / "m-1" / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)

    first = registrations(read(found, mounts=mounts))[0].artifact

    assert first.digest == registrations(usual)[0].artifact.digest


def test_a_version_whose_files_cannot_be_read_is_left_out_with_all_that_leans_on_it() -> None:
    found = books()
    found.versions[1]["source"] = "s3://bucket/model"
    found.uris["fraud", "3"] = "s3://bucket/model"

    entries = read(found)
    reasons = left(entries)

    assert "s3://bucket/model, which the server does not hand out" in reasons["version 3"]
    assert reasons["stage Production of version 3"] == "that version is not imported"
    assert reasons["alias champion"] == "version 3 is not imported"
    assert [plan.version for plan in plans(entries)] == [None, "1", "4", "4", "1"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../../etc/passwd", "leads out of the folder"),
        ("/etc/passwd", "leads out of the folder"),
        ("a\nb", "no listing can hold"),
    ],
)
def test_a_listing_that_leads_out_is_refused(path: str, reason: str) -> None:
    found = books()
    found.extra_listing = [path]

    assert reason in left(read(found))["version 1"]


def test_a_file_that_is_cut_short_has_no_digest() -> None:
    found = books()
    found.listed_size["1/m-1/model.bin"] = 1000

    assert "has 9 bytes, but the server lists 1000" in left(read(found))["version 1"]


def test_a_file_that_is_gone_is_told() -> None:
    found = books()
    found.extra_listing = ["gone.bin"]

    assert "No such artifact" in left(read(found))["version 1"]


def test_a_version_that_mlflow_never_finished_is_left_out() -> None:
    found = books()
    found.versions[2] |= {"status": "FAILED_REGISTRATION", "status_message": "disk full"}

    assert left(read(found))["version 4"] == "MLflow says FAILED_REGISTRATION disk full"


def test_a_deleted_run_does_not_keep_a_version_back() -> None:
    found = books()
    del found.runs["run1"]

    entries = read(found)

    assert registrations(entries)[0].lineage.run_id == "run1"
    assert left(entries)["the run of version 1"] == "it was deleted"


def test_of_two_versions_in_production_the_last_changed_one_stands() -> None:
    found = books()
    found.versions[2] |= {"current_stage": "Production", "last_updated_timestamp": AT + 8500}
    desk = Desk()

    report = desk.take(read(found))

    assert desk.models["team/fraud"].serving("production") == 3
    assert any("beside version 4 in Production" in line for line in report.lines())


def test_an_archived_version_with_an_alias_stays_in_use() -> None:
    found = books()
    found.models[0]["aliases"] = [{"alias": "champion", "version": "1"}]
    desk = Desk()

    reasons = [skipped.reason for skipped in desk.take(read(found)).skipped]

    assert "it has an alias, and so is in use" in reasons
    assert desk.models["team/fraud"].aliases["champion"] == 1


def test_all_of_it_is_accepted_and_again_repeats_nothing() -> None:
    desk = Desk()
    with serving(books()) as address, connect(address) as server:
        first = desk.take(list(read_mlflow(server, namespace="team")))
        sent = desk.sent
        again = desk.take(list(read_mlflow(server, namespace="team")))

    model = desk.models["team/fraud"]
    assert (model.serving("production"), model.serving("staging")) == (2, 3)
    assert model.versions[1].archived
    assert (len(first.imported), len(first.known)) == (8, 0)
    assert (len(again.imported), len(again.known)) == (0, 8)
    assert desk.sent == sent
    assert (
        first.numbers
        == again.numbers
        == {
            ("team/fraud", "1"): 1,
            ("team/fraud", "3"): 2,
            ("team/fraud", "4"): 3,
        }
    )
    assert "team/fraud: what the source calls version 3 is version 2 here" in first.lines()


def test_a_later_version_comes_over_on_its_own() -> None:
    desk, found = Desk(), books()
    with serving(found) as address, connect(address) as server:
        desk.take(list(read_mlflow(server, namespace="team")))
        found.versions.append(version("fraud", 5, source="", run_id=""))
        found.uris["fraud", "5"] = "mlflow-artifacts:/1/m-4"
        report = desk.take(list(read_mlflow(server, namespace="team")))

    assert [plan.version for plan in report.imported] == ["5"]
    assert report.numbers["team/fraud", "5"] == 4


def test_only_the_models_that_are_named_come_over() -> None:
    found = books()
    entries = read(found, names=["greet", "nobody"])

    assert plans(entries) == []
    assert [entry.what for entry in entries if isinstance(entry, Skipped)] == ["the model"] * 2
    assert not any("model-versions" in path for path in found.asked)


def test_a_name_with_a_quote_is_asked_for_in_other_quotes() -> None:
    found = books()
    found.models = [{"name": "it's"}]
    found.versions = [version("it's", 1)]
    found.uris = {("it's", "1"): "mlflow-artifacts:/1/m-1"}

    assert len(registrations(read(found))) == 1


def test_a_server_that_denies_or_is_away_or_is_another_is_told() -> None:
    found = books()
    found.token = "secret"
    with serving(found) as address:
        with connect(address) as server, pytest.raises(SourceError, match="denies access"):
            list(read_mlflow(server, namespace="team"))
        with connect(address, token="secret") as server:
            assert plans(list(read_mlflow(server, namespace="team")))
        elsewhere = connect(address + "/ajax", token="secret")
        with elsewhere as server, pytest.raises(SourceError, match="answers 404"):
            list(read_mlflow(server, namespace="team"))
    with connect(address) as server, pytest.raises(SourceError, match=address):
        list(read_mlflow(server, namespace="team"))


def test_ids_name_the_source_and_not_the_moment() -> None:
    with serving(books()) as address, connect(address) as server:
        first = [plan.command_id for plan in plans(list(read_mlflow(server, namespace="team")))]
        again = [plan.command_id for plan in plans(list(read_mlflow(server, namespace="team")))]
        other = [plan.command_id for plan in plans(list(read_mlflow(server, namespace="other")))]

    assert first == again
    assert len({*first, *other}) == 2 * len(first)


def test_a_key_of_idempotence_outlives_the_memory_of_ids() -> None:
    first = registrations(read(books()))[0]

    assert first.idempotency_key is not None
    assert len(first.idempotency_key) == len("import:") + 36
    assert hashlib.sha256(b"").hexdigest() not in first.artifact.digest
