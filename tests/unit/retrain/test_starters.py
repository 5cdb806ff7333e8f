"""Each kind of pipeline, against a server that behaves as it does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rollbook.outbound.asking import Unanswered, Unsent, Way
from rollbook.retrain import targets
from rollbook.retrain.starters.shape import Rejected, Standing, Starter
from tests.support.outside import LOCAL, Outside, outside
from tests.unit.retrain import pipelines
from tests.unit.retrain.pipelines import KEY, Pipelines, order


@dataclass(frozen=True)
class Kind:
    """A kind of pipeline, and a server that behaves as it does."""

    server: Callable[[], Any]
    settings: str
    done: str
    failed: str


KINDS = {
    "airflow": Kind(
        pipelines.Airflow,
        "kind: airflow\n  url: URL\n  dag: train\n  user: ada\n  password: {env: PIPELINE_SECRET}",
        "success",
        "failed",
    ),
    "kubeflow": Kind(
        pipelines.Kubeflow, "kind: kubeflow\n  url: URL\n  pipeline: p-1", "SUCCEEDED", "FAILED"
    ),
    "argo": Kind(
        pipelines.Argo,
        "kind: argo\n  url: URL\n  namespace: ml\n  template: train",
        "Succeeded",
        "Error",
    ),
    "github": Kind(
        pipelines.GitHub,
        "kind: github\n  url: URL\n  repository: a/b\n  workflow: train.yaml\n"
        "  token: {file: TOKEN}",
        "success",
        "failure",
    ),
    "sagemaker": Kind(
        pipelines.SageMaker,
        "kind: sagemaker\n  url: URL/\n  region: eu-central-1\n  pipeline: train\n"
        "  access_key: {env: PIPELINE_KEY}\n  secret_key: {env: PIPELINE_SECRET}",
        "Succeeded",
        "Failed",
    ),
}
FINDING = [kind for kind in KINDS if kind != "webhook"]


@dataclass(frozen=True)
class There:
    """A pipeline on a server."""

    starter: Starter
    server: Pipelines
    outside: Outside
    kind: Kind


@contextmanager
def pipeline(name: str, folder: Path, patience: float = 30) -> Iterator[There]:
    kind = KINDS[name]
    server = kind.server()
    (folder / "token").write_text("ghp\n")
    with outside(server) as there:
        said = kind.settings.replace("URL", there.url).replace("TOKEN", str(folder / "token"))
        file = folder / "pipelines.yaml"
        file.write_text(f"nightly:\n  {said}\n")
        way = Way(LOCAL, patience=patience)
        starter = targets.starters(targets.read(file), way, folder)["nightly"]
        yield There(starter, server, there, kind)


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_SECRET", "hush")
    monkeypatch.setenv("PIPELINE_KEY", "AKID")


@pytest.mark.parametrize("name", KINDS)
async def test_a_run_is_started_found_and_seen_to_its_end(name: str, tmp_path: Path) -> None:
    with pipeline(name, tmp_path) as it:
        assert await it.starter.find(order()) is None
        run = await it.starter.start(order())
        assert run is not None
        assert (await it.starter.find(order())) == run
        assert (await it.starter.look(order(), run.run)).standing is Standing.RUNNING
        it.server.finish(it.kind.done)
        assert (await it.starter.look(order(), run.run)).standing is Standing.DONE
        it.server.finish(it.kind.failed)
        state = await it.starter.look(order(), run.run)
        assert state.standing is Standing.FAILED
        assert state.said
    (said,) = it.server.runs.values()
    text = str(said)
    assert KEY in text
    assert "payments/fraud" in text
    assert "epochs" in text
    assert "20" in text
    assert "hush" not in text


@pytest.mark.parametrize("name", KINDS)
async def test_a_run_whose_answer_was_lost_is_found(name: str, tmp_path: Path) -> None:
    with pipeline(name, tmp_path) as it:
        it.server.lose = 1
        with pytest.raises(Unanswered):
            await it.starter.start(order())
        assert await it.starter.find(order()) is not None
        assert len(it.server.runs) == 1


@pytest.mark.parametrize("name", ["airflow", "argo", "sagemaker"])
async def test_starting_it_again_starts_nothing(name: str, tmp_path: Path) -> None:
    with pipeline(name, tmp_path) as it:
        first = await it.starter.start(order())
        assert await it.starter.start(order()) == first
        assert len(it.server.runs) == 1


@pytest.mark.parametrize("name", KINDS)
async def test_a_run_is_stopped(name: str, tmp_path: Path) -> None:
    with pipeline(name, tmp_path) as it:
        run = await it.starter.start(order())
        assert run is not None
        await it.starter.stop(order(), run.run)
        assert (await it.starter.look(order(), run.run)).standing is Standing.FAILED


@pytest.mark.parametrize("name", KINDS)
async def test_what_can_never_work_is_told_from_what_may_work_later(
    name: str, tmp_path: Path
) -> None:
    with pipeline(name, tmp_path) as it:
        it.server.failing = 422 if name != "sagemaker" else 400
        with pytest.raises(Rejected):
            await it.starter.start(order())
        it.server.failing = 503
        with pytest.raises(Unanswered):
            await it.starter.start(order())
        it.server.failing = 429
        with pytest.raises(Unsent):
            await it.starter.start(order())
        assert not it.server.runs


@pytest.mark.parametrize("name", KINDS)
async def test_a_run_that_nobody_knows_is_gone(name: str, tmp_path: Path) -> None:
    with pipeline(name, tmp_path) as it:
        unknown = "4712" if name == "github" else "another"
        assert (await it.starter.look(order(), unknown)).standing is Standing.GONE


@pytest.mark.parametrize("name", KINDS)
async def test_an_answer_that_makes_no_sense_is_none(name: str, tmp_path: Path) -> None:
    with pipeline(name, tmp_path) as it:
        it.outside.answering = lambda _: (500, b"<html>")
        with pytest.raises(Unanswered):
            await it.starter.find(order())
        with pytest.raises(Unanswered):
            await it.starter.start(order())


async def test_a_server_that_is_down_was_not_asked(tmp_path: Path) -> None:
    with pipeline("argo", tmp_path) as it:
        starter = it.starter
    with pytest.raises(Unsent):
        await starter.start(order())


async def test_a_private_address_is_not_asked_unless_that_is_allowed(tmp_path: Path) -> None:
    with pipeline("argo", tmp_path) as it:
        file = tmp_path / "pipelines.yaml"
        starter = targets.starters(targets.read(file), Way(), tmp_path)["nightly"]
        with pytest.raises(Unsent, match="private"):
            await starter.start(order())
        assert not it.outside.asked


async def test_a_slow_server_may_have_done_it(tmp_path: Path) -> None:
    import threading

    go_on = threading.Event()
    with pipeline("argo", tmp_path, patience=0.3) as it:
        answering = it.outside.answering

        def slow(request: Any) -> tuple[int, Any]:
            answer = answering(request)
            go_on.wait(30)
            return answer

        it.outside.answering = slow
        with pytest.raises(Unanswered, match=r"0\.3 s"):
            await it.starter.start(order())
        go_on.set()
        it.outside.answering = answering
        assert await it.starter.find(order()) is not None


async def test_github_shows_a_run_some_time_after_it_was_dispatched(tmp_path: Path) -> None:
    with pipeline("github", tmp_path) as it:
        older = pipelines.GitHub(details=False)
        older.hidden = 1
        it.outside.answering = older
        assert await it.starter.start(order()) is None
        assert await it.starter.find(order()) is None
        assert await it.starter.find(order()) is not None
        assert it.starter.settle.total_seconds() >= 60


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nightly:\n  kind: airflow\n  dag: x\n", "nightly.airflow.url: Field required"),
        ("nightly:\n  kind: cron\n", "nightly: Input tag 'cron'"),
        ("nightly:\n  kind: webhook\n  url: x\n  secret: 12345\n", "secret"),
        ("nightly: [", "no YAML"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "pipelines.yaml"
    file.write_text(text)
    with pytest.raises(targets.BadPipelines, match=said) as refused:
        targets.read(file)
    assert "12345" not in str(refused.value)
