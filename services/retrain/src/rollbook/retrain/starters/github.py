"""GitHub Actions: a workflow is dispatched, and its run found by our key in the run's name."""

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
    link,
    parts,
    sure,
    text,
)

FIRST_PAGES = 3
"""Of a hundred runs each, newest first: a run that is looked for is young."""


class GitHubTarget(Shape):
    """A workflow with `workflow_dispatch` and `run-name: ${{ inputs.rollbook_run }}`."""

    kind: Literal["github"]
    url: str = "https://api.github.com"
    repository: str
    """`owner/name`."""
    workflow: str
    """Its file's name, such as `train.yaml`."""
    ref: str = "main"
    token: Secret
    run_parameter: str = "rollbook_run"
    model_parameter: str | None = "rollbook_model"


class GitHub:
    """Dispatches a workflow."""

    settle = timedelta(minutes=2)
    """Runs show some seconds after they were dispatched."""

    def __init__(self, target: GitHubTarget, way: Way) -> None:
        self._target = target
        self._way = way
        owner, _, name = target.repository.partition("/")
        self._actions = (
            f"{target.url.rstrip('/')}/repos/{quote(owner, safe='')}/{quote(name, safe='')}/actions"
        )
        self._workflow = f"{self._actions}/workflows/{quote(target.workflow, safe='')}"

    async def find(self, order: Order) -> Run | None:
        """The run whose name holds our key."""
        since = (order.requested_at - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
        for page in range(1, FIRST_PAGES + 1):
            params = {
                "event": "workflow_dispatch",
                "created": f">={since}",
                "per_page": "100",
                "page": str(page),
            }
            url = f"{self._workflow}/runs"
            answer = await self._way.ask("GET", url, headers=self._headers(), params=params)
            runs = parts(sure(answer).json(), "workflow_runs")
            for run in runs:
                if order.key in f"{run.get('display_title')} {run.get('name')}":
                    return Run(text(run, "id"), link(run, "html_url"))
            if len(runs) < 100:
                break
        return None

    async def start(self, order: Order) -> Run | None:
        """None where the server does not say which run it is: then it is looked for."""
        target = self._target
        body = {
            "ref": target.ref,
            "inputs": order.told(target.run_parameter, target.model_parameter),
            "return_run_details": True,
        }
        url = f"{self._workflow}/dispatches"
        answer = sure(await self._way.ask("POST", url, headers=self._headers(), json_=body))
        found = answer.json()
        if "workflow_run_id" not in found:
            return None
        return Run(text(found, "workflow_run_id"), link(found, "html_url"))

    async def look(self, order: Order, run: str) -> State:
        """By its conclusion, once it has one."""
        del order
        answer = sure(await self._way.ask("GET", self._run(run), headers=self._headers()), 404)
        if not answer.good:
            return State(Standing.GONE)
        found = answer.json()
        if found.get("status") != "completed":
            return State(Standing.RUNNING)
        ended = found.get("conclusion")
        if ended == "success":
            return State(Standing.DONE)
        return State(Standing.FAILED, f"the run ended as {ended}")

    async def stop(self, order: Order, run: str) -> None:
        """What has ended answers 409."""
        del order
        url = f"{self._run(run)}/cancel"
        sure(await self._way.ask("POST", url, headers=self._headers()), 404, 409)

    def _run(self, run: str) -> str:
        return f"{self._actions}/runs/{quote(run, safe='')}"

    def _headers(self) -> dict[str, str]:
        return {
            "accept": "application/vnd.github+json",
            "authorization": f"Bearer {self._target.token.read()}",
            "user-agent": "rollbook",
            "x-github-api-version": "2022-11-28",
        }
