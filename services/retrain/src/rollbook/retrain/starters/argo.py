"""Argo Workflows: the name of a workflow is ours, so that there is one at most."""

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
    standing,
    sure,
)

DONE = frozenset({"Succeeded"})
FAILED = frozenset({"Failed", "Error"})


class ArgoTarget(Shape):
    """A workflow template; its workflow gets the parameters."""

    kind: Literal["argo"]
    url: str
    """Of the Argo server, such as `https://argo.example:2746`."""
    namespace: str
    template: str
    scope: Literal["namespace", "cluster"] = "namespace"
    token: Secret | None = None
    run_parameter: str | None = "rollbook_run"
    model_parameter: str | None = "rollbook_model"


class Argo:
    """Submits workflows from a template."""

    settle = timedelta(0)

    def __init__(self, target: ArgoTarget, way: Way) -> None:
        self._target = target
        self._way = way
        self._url = target.url.rstrip("/")
        self._space = quote(target.namespace, safe="")
        self._workflows = f"{self._url}/api/v1/workflows/{self._space}"

    async def find(self, order: Order) -> Run | None:
        """The workflow of our name."""
        answer = await self._way.ask("GET", self._of(order.key), headers=self._headers())
        return self._named(order.key) if sure(answer, 404).good else None

    async def start(self, order: Order) -> Run:
        """A second one of the same name is refused: then it runs already."""
        target = self._target
        told = order.told(target.run_parameter, target.model_parameter)
        body = {
            "namespace": target.namespace,
            "resourceKind": (
                "WorkflowTemplate" if target.scope == "namespace" else "ClusterWorkflowTemplate"
            ),
            "resourceName": target.template,
            "submitOptions": {
                "name": order.key,
                "parameters": [f"{name}={value}" for name, value in told.items()],
            },
        }
        url = f"{self._workflows}/submit"
        sure(await self._way.ask("POST", url, headers=self._headers(), json_=body), 409)
        return self._named(order.key)

    async def look(self, order: Order, run: str) -> State:
        """By its phase; a workflow that was not taken up yet has none."""
        del order
        answer = sure(await self._way.ask("GET", self._of(run), headers=self._headers()), 404)
        if not answer.good:
            return State(Standing.GONE)
        status = part(answer.json(), "status")
        return standing(status.get("phase"), status.get("message", ""), done=DONE, failed=FAILED)

    async def stop(self, order: Order, run: str) -> None:
        """What has ended stays as it is."""
        if (await self.look(order, run)).standing is Standing.RUNNING:
            url = f"{self._of(run)}/terminate"
            sure(await self._way.ask("PUT", url, headers=self._headers(), json_={}), 404)

    def _named(self, run: str) -> Run:
        return Run(run, f"{self._url}/workflows/{self._space}/{quote(run, safe='')}")

    def _of(self, run: str) -> str:
        return f"{self._workflows}/{quote(run, safe='')}"

    def _headers(self) -> dict[str, str]:
        token = self._target.token
        return {"authorization": f"Bearer {token.read()}"} if token else {}
