"""A retraining that is asked for runs once, and what it brings goes into the log."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.monitor.watching import events
from tests.integration.query.system import Caller, until
from tests.integration.retrain.training import Tables, asked, local, planned, shown
from tests.support.outside import Lost, Request, outside
from tests.unit.retrain import pipelines

RUN: dict[str, Any] = {"kind": "argo", "namespace": "ml", "template": "train"}


@pytest.mark.parametrize("outcome", ["lineage", "result"])
def test_a_command_of_this_machine_brings_a_candidate(
    tables: Tables, caller: Caller, outcome: str
) -> None:
    file = tables.pipelines(here=local(tables.system.url, outcome))
    planned(caller, "here")
    asked(caller)
    with tables.trained(file):
        until(lambda: shown(caller)["state"] == "candidate")
    row = shown(caller)
    assert row["candidate"] == 2
    assert row["run"] == f"rollbook-{row['id']}"
    assert (tables.folder / "runs" / row["run"] / "count").read_text() == "once\n"
    (started,) = events(caller, "RetrainingStarted")
    assert started["actor"] == "account:rollbook/retrain"


@pytest.mark.parametrize(
    ("outcome", "state", "note"),
    [("fail", "failed", "there is no data"), ("nothing", "empty", "no version")],
)
def test_a_command_that_brings_nothing_is_told_of(
    tables: Tables, caller: Caller, outcome: str, state: str, note: str
) -> None:
    file = tables.pipelines(here=local(tables.system.url, outcome))
    planned(caller, "here")
    asked(caller)
    with tables.trained(file):
        until(lambda: shown(caller)["state"] == state)
    assert note in shown(caller)["note"]


def test_a_cancelled_run_is_told_to_stop(tables: Tables, caller: Caller) -> None:
    server = pipelines.Argo()
    with outside(server) as there:
        file = tables.pipelines(far={**RUN, "url": there.url})
        planned(caller, "far")
        asked(caller)
        with tables.trained(file):
            until(lambda: shown(caller)["state"] == "running")
            caller.done("CancelRetraining", {"retraining": 1, "reason": "bad data"})
            until(lambda: "Failed" in server.states.values())
    assert [end["data"]["outcome"] for end in events(caller, "RetrainingEnded")] == ["cancelled"]


def test_a_run_that_misses_its_deadline_is_lost(tables: Tables, caller: Caller) -> None:
    with outside(pipelines.Argo()) as there:
        file = tables.pipelines(far={**RUN, "url": there.url})
        planned(caller, "far", deadline="PT1S")
        asked(caller)
        with tables.trained(file):
            until(lambda: shown(caller)["state"] == "lost")
    assert "deadline" in shown(caller)["note"]


def test_a_pipeline_that_takes_no_such_parameters_makes_it_fail(
    tables: Tables, caller: Caller
) -> None:
    server = pipelines.Argo()
    server.failing = 400
    with outside(server) as there:
        file = tables.pipelines(far={**RUN, "url": there.url})
        planned(caller, "far")
        asked(caller)
        with tables.trained(file):
            until(lambda: shown(caller)["state"] == "failed")
    assert "400" in shown(caller)["note"]


def test_two_services_and_lost_answers_start_one_run(tables: Tables, caller: Caller) -> None:
    server = pipelines.Argo()
    server.lose = 1
    with outside(server) as there:
        file = tables.pipelines(far={**RUN, "url": there.url})
        planned(caller, "far")
        asked(caller)
        with tables.trained(file), tables.trained(file):
            until(lambda: shown(caller)["state"] == "running")
            caller.version("sha256:" + "e" * 64)
            server.finish("Succeeded")
            until(lambda: shown(caller)["state"] == "empty")
    assert len(server.runs) == 1
    assert len(events(caller, "RetrainingStarted")) == 1
    assert len(events(caller, "RetrainingEnded")) == 1


def test_a_webhook_is_told_under_one_id_until_it_answers(tables: Tables, caller: Caller) -> None:
    ids: list[str] = []

    def answering(request: Request) -> tuple[int, Any]:
        ids.append(request.headers["webhook-id"])
        if len(ids) == 1:
            return 429, {}
        return 202, {"run": "job-7", "url": "https://jobs.example/7"}

    with outside(answering) as there:
        secret = tables.folder / "secret"
        secret.write_text("not for the log")
        file = tables.pipelines(
            hook={"kind": "webhook", "url": there.url, "secret": {"file": str(secret)}}
        )
        planned(caller, "hook")
        asked(caller)
        with tables.trained(file):
            until(lambda: shown(caller)["state"] == "running")
            assert shown(caller)["url"] == "https://jobs.example/7"
            body = {
                "artifact": {"uri": "s3://b/new", "digest": "sha256:" + "c" * 64},
                "lineage": {"run_id": "job-7"},
            }
            caller.done("RegisterVersion", body)
            until(lambda: shown(caller)["state"] == "candidate")
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert "not for the log" not in caller.read("/history").text


def test_killed_between_the_call_and_the_record_it_has_started_once(
    tables: Tables, caller: Caller, tmp_path: Path
) -> None:
    killed: list[Any] = []
    server = pipelines.Kubeflow()

    def answering(request: Request) -> tuple[int, Any]:
        answer = server(request)
        if request.method == "POST" and killed and killed[0].poll() is None:
            killed[0].kill()  # it was carried out, and whoever asked is gone
            killed[0].wait()
            raise Lost
        return answer

    with outside(answering) as there:
        file = tables.pipelines(far={"kind": "kubeflow", "url": there.url, "pipeline": "p-1"})
        planned(caller, "far")
        with tables.process(file, tmp_path / "first.log") as first:
            killed.append(first)
            asked(caller)
            until(lambda: first.poll() is not None)
        assert len(server.runs) == 1
        assert events(caller, "RetrainingStarted") == []
        with tables.trained(file):
            until(lambda: shown(caller)["state"] == "running")
    assert len(server.runs) == 1
    assert shown(caller)["run"] == "run-1"


def test_an_alarm_leads_to_a_retraining_and_its_candidate_to_the_next_cool_down(
    tables: Tables, caller: Caller
) -> None:
    file = tables.pipelines(here=local(tables.system.url, "lineage"))
    planned(caller, "here", environments=["production"], cooldown="P1D")
    for place in ("staging", "production"):
        finding = {"subject": "feature:age", "measure": "psi", "value": 0.4, "rows": 1000}
        window = {"begin": "2026-03-02T10:00:00Z", "end": "2026-03-02T11:00:00Z", "rows": 1000}
        body = {"version": 1, "kind": "feature", "findings": [finding], "window": window}
        caller.done("DetectDrift", {**body, "environment": place})
    with tables.trained(file), tables.trained(file):
        until(lambda: shown(caller)["state"] == "candidate")
    row = shown(caller)
    assert (row["alarm"], row["version"], row["environment"]) == (2, 1, "production")
    assert len(events(caller, "RetrainingRequested")) == 1
    refused = caller.send("RequestRetraining", {"alarm": 2, "reason": "again"}).json()
    assert refused["code"] == "not_due"
    refused = caller.send("RequestRetraining", {"alarm": 1, "reason": "again"}).json()
    assert refused["code"] == "not_heeded"
    position = caller.done("PromoteVersion", {"version": 2})["position"]
    why = caller.read("/environments/production/why", min_position=position).json()
    links = {link["because"]: link for link in why["links"]}
    assert links["because of an alarm by"]["type"] == "DriftDetected"
    assert links["made by a retraining, as was found by"]["type"] == "RetrainingEnded"
