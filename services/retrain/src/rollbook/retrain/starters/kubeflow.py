"""Kubeflow Pipelines, by its API v2beta1: runs have our key for a display name."""

import json
from datetime import timedelta
from typing import Literal
from urllib.parse import quote

from rollbook.outbound.asking import Way
from rollbook.outbound.secret import Secret
from rollbook.retrain.starters.shape import (
    Order,
    Run,
    Shape,
    Standing,
    State,
    part,
    parts,
    standing,
    sure,
    text,
)

DONE = frozenset({"SUCCEEDED", "SKIPPED"})
FAILED = frozenset({"FAILED", "CANCELED", "CANCELING"})


class KubeflowTarget(Shape):
    """A pipeline; its runtime configuration gets the parameters."""

    kind: Literal["kubeflow"]
    url: str
    """Of the API server, such as `http://ml-pipeline.kubeflow:8888` or `https://…/pipeline`."""
    pipeline: str
    """Its id."""
    version: str | None = None
    """The id of its version; the newest if not named."""
    experiment: str | None = None
    token: Secret | None = None
    run_parameter: str | None = "rollbook_run"
    model_parameter: str | None = "rollbook_model"


class Kubeflow:
    """Starts runs of a pipeline."""

    settle = timedelta(seconds=30)
    """Nothing keeps two runs of one name apart: who asks by the name must be answered first."""

    def __init__(self, target: KubeflowTarget, way: Way) -> None:
        self._target = target
        self._way = way
        self._url = target.url.rstrip("/")
        self._runs = f"{self._url}/apis/v2beta1/runs"

    async def find(self, order: Order) -> Run | None:
        """The run of our display name."""
        named = {"operation": "EQUALS", "key": "display_name", "string_value": order.key}
        params = {"filter": json.dumps({"predicates": [named]}), "page_size": "2"}
        if self._target.experiment:
            params["experiment_id"] = self._target.experiment
        answer = sure(
            await self._way.ask("GET", self._runs, headers=self._headers(), params=params)
        )
        for run in parts(answer.json(), "runs"):
            if run.get("display_name") == order.key:
                return self._named(text(run, "run_id"))
        return None

    async def start(self, order: Order) -> Run:
        """The service names it."""
        target = self._target
        body = {
            "display_name": order.key,
            "pipeline_version_reference": {
                "pipeline_id": target.pipeline,
                **({"pipeline_version_id": target.version} if target.version else {}),
            },
            "runtime_config": {
                "parameters": order.told(target.run_parameter, target.model_parameter)
            },
            **({"experiment_id": target.experiment} if target.experiment else {}),
        }
        answer = await self._way.ask("POST", self._runs, headers=self._headers(), json_=body)
        return self._named(text(sure(answer).json(), "run_id"))

    async def look(self, order: Order, run: str) -> State:
        """As the service has it."""
        del order
        answer = sure(await self._way.ask("GET", self._run(run), headers=self._headers()), 404)
        if not answer.good:
            return State(Standing.GONE)
        found = answer.json()
        error = part(found, "error").get("message", "")
        return standing(found.get("state"), error, done=DONE, failed=FAILED)

    async def stop(self, order: Order, run: str) -> None:
        """What has ended stays as it is."""
        if (await self.look(order, run)).standing is Standing.RUNNING:
            url = f"{self._run(run)}:terminate"
            sure(await self._way.ask("POST", url, headers=self._headers()), 404)

    def _named(self, run: str) -> Run:
        return Run(run, f"{self._url}/#/runs/details/{quote(run, safe='')}")

    def _run(self, run: str) -> str:
        return f"{self._runs}/{quote(run, safe='')}"

    def _headers(self) -> dict[str, str]:
        token = self._target.token
        return {"authorization": f"Bearer {token.read()}"} if token else {}
