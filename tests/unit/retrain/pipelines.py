"""Servers that behave as those of the pipelines do, as far as we speak with them."""

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rollbook.retrain.starters.shape import Order
from tests.support.outside import Lost, Request

KEY = "rollbook-0b7c3c5e-7c55-4b5f-9d5c-0d7c3c5e7c55"


def order(**changes: Any) -> Order:
    """An order to train a model anew."""
    given: dict[str, Any] = {
        "key": KEY,
        "model": "payments/fraud",
        "retraining": 3,
        "reason": "it drifts",
        "requested_at": datetime(2026, 3, 2, tzinfo=UTC),
        "parameters": {"epochs": "20"},
        **changes,
    }
    return Order(**given)


class Pipelines:
    """Runs by name, as whichever server has them."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.states: dict[str, str] = {}
        self.lose = 0
        """How many answers to the next starts are lost."""
        self.failing = 0
        """With which status starts are answered instead of being done."""

    def begin(self, name: str, said: dict[str, Any]) -> None:
        """Start a run, or lose the answer after it was started."""
        self.runs[name] = said
        if self.lose:
            self.lose -= 1
            raise Lost

    def finish(self, state: str) -> None:
        """Let all runs end so."""
        self.states = dict.fromkeys(self.runs, state)


class Airflow(Pipelines):
    """`/api/v2`: the id of a DAG run is the caller's."""

    def __call__(self, request: Request) -> tuple[int, Any]:
        if request.path == "/auth/token":
            good = request.json() == {"username": "ada", "password": "hush"}
            return (201, {"access_token": "jwt"}) if good else (401, {})
        if request.headers.get("authorization") != "Bearer jwt":
            return 401, {"detail": "Unauthorized"}
        if request.method == "POST":
            if self.failing:
                return self.failing, {"detail": "no"}
            body = request.json()
            assert "logical_date" in body
            name = body["dag_run_id"]
            if name in self.runs:
                return 409, {"detail": "already exists"}
            self.begin(name, body)
            return 200, {"dag_run_id": name, "state": "queued"}
        name = request.path.rpartition("/")[2]
        if name not in self.runs:
            return 404, {"detail": "not found"}
        if request.method == "PATCH":
            self.states[name] = request.json()["state"]
        return 200, {"dag_run_id": name, "state": self.states.get(name, "queued")}


class Kubeflow(Pipelines):
    """`/apis/v2beta1`: names of runs are not unique."""

    def __init__(self) -> None:
        super().__init__()
        self._ids = itertools.count(1)

    def __call__(self, request: Request) -> tuple[int, Any]:
        if request.method == "POST" and request.path.endswith(":terminate"):
            self.states[request.path.rpartition("/")[2].partition(":")[0]] = "CANCELED"
            return 200, {}
        if request.method == "POST":
            if self.failing:
                return self.failing, {"error": "no"}
            name = f"run-{next(self._ids)}"
            self.begin(name, request.json())
            return 200, {"run_id": name, "state": "PENDING"}
        if request.path.endswith("/runs"):
            (wanted,) = json.loads(request.query["filter"])["predicates"]
            assert (wanted["operation"], wanted["key"]) == ("EQUALS", "display_name")
            runs = [
                {"run_id": name, "display_name": said["display_name"]}
                for name, said in self.runs.items()
                if said["display_name"] == wanted["string_value"]
            ]
            return 200, {"runs": runs, "total_size": len(runs)} if runs else {}
        name = request.path.rpartition("/")[2]
        if name not in self.runs:
            return 404, {"error": "not found"}
        return 200, {"run_id": name, "state": self.states.get(name, "RUNNING")}


class Argo(Pipelines):
    """`/api/v1`: the name of a workflow is the caller's."""

    def __call__(self, request: Request) -> tuple[int, Any]:
        if request.path.endswith("/submit"):
            if self.failing:
                return self.failing, {"message": "no"}
            body = request.json()
            name = body["submitOptions"]["name"]
            if name in self.runs:
                return 409, {"code": 6, "message": "already exists"}
            self.begin(name, body)
            return 200, {"metadata": {"name": name}}
        ending = request.path.endswith("/terminate")
        name = request.path.removesuffix("/terminate").rpartition("/")[2]
        if name not in self.runs:
            return 404, {"code": 5, "message": "not found"}
        if ending:
            self.states[name] = "Failed"
        phase = {"phase": self.states[name]} if name in self.states else {}
        return 200, {"metadata": {"name": name}, "status": phase}


class GitHub(Pipelines):
    """Runs show under a name made of an input, `hidden` looks after they were dispatched."""

    def __init__(self, *, details: bool = True) -> None:
        super().__init__()
        self.hidden = 0
        self._details = details
        self._ids = itertools.count(4711)

    def __call__(self, request: Request) -> tuple[int, Any]:
        if request.headers.get("authorization") != "Bearer ghp":
            return 401, {"message": "Bad credentials"}
        if request.path.endswith("/dispatches"):
            if self.failing:
                return self.failing, {"message": "no"}
            name = str(next(self._ids))
            self.begin(name, request.json())
            there = {"workflow_run_id": int(name), "html_url": f"https://github.example/{name}"}
            return (200, there) if self._details else (204, b"")
        if request.path.endswith("/train.yaml/runs"):
            if self.hidden:
                self.hidden -= 1
                return 200, {"total_count": 0, "workflow_runs": []}
            return 200, {"workflow_runs": [self._shown(name) for name in self.runs]}
        if request.path.endswith("/cancel"):
            self.states[request.path.split("/")[-2]] = "cancelled"
            return 202, {}
        name = request.path.rpartition("/")[2]
        return (200, self._shown(name)) if name in self.runs else (404, {"message": "Not Found"})

    def _shown(self, name: str) -> Mapping[str, Any]:
        ended = self.states.get(name)
        return {
            "id": int(name),
            "display_title": f"Train {self.runs[name]['inputs']['rollbook_run']}",
            "html_url": f"https://github.example/{name}",
            "status": "completed" if ended else "in_progress",
            "conclusion": ended,
        }


class SageMaker(Pipelines):
    """One execution for each token; every request must be signed."""

    def __call__(self, request: Request) -> tuple[int, Any]:
        if not request.headers.get("authorization", "").startswith(
            "AWS4-HMAC-SHA256 Credential=AKID/"
        ):
            return 400, {"__type": "UnrecognizedClientException"}
        action, said = request.headers["x-amz-target"].partition(".")[2], request.json()
        match action:
            case "StartPipelineExecution":
                if self.failing:
                    return self.failing, {"__type": "ValidationException"}
                token = said["ClientRequestToken"]
                if token not in self.runs:
                    self.begin(token, said)
                return 200, {"PipelineExecutionArn": f"arn:{token}"}
            case "ListPipelineExecutions":
                found = [
                    {
                        "PipelineExecutionArn": f"arn:{token}",
                        "PipelineExecutionDisplayName": run["PipelineExecutionDisplayName"],
                    }
                    for token, run in self.runs.items()
                ]
                return 200, {"PipelineExecutionSummaries": found}
            case _:
                pass
        name = said["PipelineExecutionArn"].removeprefix("arn:")
        if name not in self.runs:
            return 400, {"__type": "ResourceNotFound"}
        if action == "StopPipelineExecution":
            self.states[name] = "Stopping"
        return 200, {"PipelineExecutionStatus": self.states.get(name, "Executing")}
