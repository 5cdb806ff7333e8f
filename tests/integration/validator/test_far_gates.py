"""Gates that ask others, and bytes in the registry's own store: a folder, or S3."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rollbook.client import Registry
from rollbook.domain.lineage import Artifact
from tests.integration.access.secured import ADMIN, SECRET, Secured
from tests.integration.query.system import Caller, System, calling, running, until
from tests.integration.validator import asked as webhooks
from tests.integration.validator.asked import Asked
from tests.integration.validator.checking import (
    Tables,
    outcomes,
    reasons,
    register,
    save,
    settled,
)
from tests.support.s3 import S3, serving
from tests.support.stack import Cluster

HERE = ["127.0.0.0/8"]
THERE = {"gate": "there", "kind": "artifact", "most": 1000}
SHORT = {"gate": "short", "kind": "plugin", "plugin": "row-limit", "settings": {"most": 3}}
NONE = {"gate": "none", "kind": "plugin", "plugin": "nobody-installed-it", "retries": 0}
SUBJECT = "account:rollbook/validator"


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with webhooks.asked() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def stored(
    cluster: Cluster, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tables]:
    """An open registry with a store in a folder."""
    schema, models = cluster.schema(), tmp_path_factory.mktemp("models")
    with running(cluster.log(), cluster.postgres, schema, artifacts=str(folder)) as system:
        yield Tables(system, cluster.postgres, schema, models)


def pushed(system: System, caller: Caller, file: Path, token: str | None = None) -> Artifact:
    """A file in the store, brought there as the SDK does."""
    with Registry(system.url, token=token) as registry:
        return registry.upload(file, namespace=caller.namespace)


def lines(place: Path, count: int) -> Path:
    place.write_text("".join(f"{place} {n}\n" for n in range(count)))
    return place


def test_others_are_asked_and_only_who_answers_in_time_and_truly_is_believed(
    stored: Tables, folder: Path, asked: Asked, tmp_path: Path
) -> None:
    gates = (
        THERE,
        SHORT,
        NONE,
        asked.gate("honest"),
        asked.gate("late", timeout="PT1S", retries=0),
        asked.gate("liar", retries=0),
    )
    told = {
        "artifacts": str(folder),
        "validator_networks": HERE,
        "webhook_secret": webhooks.SECRET,
        "validator_parallel": 4,
    }
    with calling(stored.system) as caller, stored.watched(**told):
        caller.done("RegisterModel", {})
        save(caller, *gates)
        for count, accuracy in ((2, 0.95), (5, 0.5)):
            artifact = pushed(stored.system, caller, lines(tmp_path / str(count), count))
            register(caller, accuracy=accuracy, artifact=artifact.model_dump(mode="json"))
        good, bad = sorted(settled(caller, 2), key=lambda found: found["data"]["version"])
    assert good["type"] == bad["type"] == "VersionRejected"
    lost = {"none": "error", "late": "error", "liar": "error"}
    assert outcomes(good) == {"there": "passed", "short": "passed", "honest": "passed"} | lost
    assert outcomes(bad) == {"there": "passed", "short": "failed", "honest": "failed"} | lost
    assert reasons(good) | {"there": "", "short": ""} == {
        "there": "",
        "short": "",
        "none": "the plug-in nobody-installed-it is not installed beside the validator",
        "honest": "I saw 0.95",
        "late": "the webhook did not answer within 1 seconds",
        "liar": 'the webhook answers with something else than {"outcome": "passed" or "failed"}',
    }
    measured = {gate["gate"]: gate["measured"] for gate in bad["data"]["gates"]}
    assert measured["short"]["plugin.short.lines"] == 5
    assert measured["honest"] == {"webhook.honest": 0, "webhook.honest.seen": 0.5}


@pytest.fixture(scope="module")
def s3(monkeypatch_module: pytest.MonkeyPatch) -> Iterator[S3]:
    with serving() as started:
        started.make("models")
        for name, value in started.options().items():
            prefix = "" if name.startswith("aws_") else "aws_"
            monkeypatch_module.setenv(f"{prefix}{name}".upper(), value)
        yield started


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_a_secured_validator_reads_bytes_out_of_s3_and_looks_again_when_told(
    cluster: Cluster, s3: S3, tmp_path: Path
) -> None:
    schema, store = cluster.schema(), "s3://models/rollbook"
    secured = {"token_secret": SECRET, "admin_public_key": ADMIN.public_key, "artifacts": store}
    with (
        running(cluster.log(), cluster.postgres, schema, **secured) as system,
        httpx.Client(base_url=system.url, timeout=30) as http,
    ):
        registry = Secured(system, http)
        token = registry.account("rollbook", "validator", roles=["validator"])
        tables = Tables(system, cluster.postgres, schema, tmp_path)
        with registry.client(ADMIN.reveal()) as client:
            caller = Caller(client, "team/claims")
            caller.done("RegisterModel", {})
            save(caller, THERE, revalidate="all")
            for count in (2, 3):
                file = lines(tmp_path / str(count), count)
                artifact = pushed(system, caller, file, ADMIN.reveal())
                register(caller, artifact=artifact.model_dump(mode="json"))
            told = {"artifacts": store, "validator_token": token.reveal(), "validator_parallel": 1}
            with tables.watched(**told):
                until(lambda: bool(refusals(caller)))  # nobody has granted it anything yet
                registry.grant("rollbook", SUBJECT, "validator")
                settled(caller, 2)
                # A policy that was changed, and somebody who asks, are occasions too.
                save(caller, THERE | {"most": 10}, revalidate="all")
                settled(caller, 4)
                caller.done("StartValidation", {"version": 1})
                found = settled(caller, 5)
            assert refusals(caller) == {"forbidden"}
    assert {each["actor"] for each in found} == {SUBJECT}
    types = [each["type"] for each in found]
    assert types == ["VersionValidated"] * 2 + ["VersionRejected"] * 3
    assert [each["data"]["policy"] for each in found] == ["release@1"] * 2 + ["release@2"] * 3
    assert "allowed" in reasons(found[-1])["there"]


def refusals(caller: Caller) -> set[str]:
    """The codes with which commands about the model were refused."""
    items = caller.read("/history", limit=500).json()["items"]
    return {item["data"]["code"] for item in items if item["type"] == "CommandRefused"}
