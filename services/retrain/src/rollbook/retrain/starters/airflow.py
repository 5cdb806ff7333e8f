"""Airflow 3, by its REST API v2: the id of a DAG run is ours, so that there is one at most."""

from datetime import timedelta
from typing import Literal
from urllib.parse import quote

from rollbook.outbound.asking import Way
from rollbook.outbound.secret import Secret
from rollbook.retrain.starters.shape import Order, Run, Shape, Standing, State, standing, sure

DONE = frozenset({"success"})
FAILED = frozenset({"failed"})


class AirflowTarget(Shape):
    """A DAG; its `conf` gets the parameters."""

    kind: Literal["airflow"]
    url: str
    """Of the API server, such as `https://airflow.example`."""
    dag: str
    token: Secret | None = None
    user: str | None = None
    """With `password`: a token is fetched at `/auth/token`."""
    password: Secret | None = None
    run_parameter: str | None = "rollbook_run"
    model_parameter: str | None = "rollbook_model"


class Airflow:
    """Starts runs of a DAG."""

    settle = timedelta(0)

    def __init__(self, target: AirflowTarget, way: Way) -> None:
        self._target = target
        self._way = way
        self._url = target.url.rstrip("/")
        self._runs = f"{self._url}/api/v2/dags/{quote(target.dag, safe='')}/dagRuns"

    async def find(self, order: Order) -> Run | None:
        """The DAG run of our id."""
        answer = sure(
            await self._way.ask("GET", self._run(order.key), headers=await self._headers()), 404
        )
        return self._named(order.key) if answer.good else None

    async def start(self, order: Order) -> Run:
        """A second one of the same id is refused: then it runs already."""
        conf = order.told(self._target.run_parameter, self._target.model_parameter)
        body = {"dag_run_id": order.key, "logical_date": None, "conf": conf}
        headers = await self._headers()
        sure(await self._way.ask("POST", self._runs, headers=headers, json_=body), 409)
        return self._named(order.key)

    async def look(self, order: Order, run: str) -> State:
        """Queued and running are the same to us."""
        del order
        answer = sure(
            await self._way.ask("GET", self._run(run), headers=await self._headers()), 404
        )
        if not answer.good:
            return State(Standing.GONE)
        return standing(answer.json().get("state"), "", done=DONE, failed=FAILED)

    async def stop(self, order: Order, run: str) -> None:
        """A run is stopped by marking it as failed."""
        state = await self.look(order, run)
        if state.standing is Standing.RUNNING:
            headers = await self._headers()
            body = {"state": "failed"}
            sure(await self._way.ask("PATCH", self._run(run), headers=headers, json_=body), 404)

    def _named(self, run: str) -> Run:
        dag = quote(self._target.dag, safe="")
        return Run(run, f"{self._url}/dags/{dag}/runs/{quote(run, safe='')}")

    def _run(self, run: str) -> str:
        return f"{self._runs}/{quote(run, safe='')}"

    async def _headers(self) -> dict[str, str]:
        target = self._target
        if target.token is not None:
            return {"authorization": f"Bearer {target.token.read()}"}
        if target.user is None or target.password is None:
            return {}
        said = {"username": target.user, "password": target.password.read()}
        answer = sure(await self._way.ask("POST", f"{self._url}/auth/token", json_=said))
        return {"authorization": f"Bearer {answer.json().get('access_token', '')}"}
