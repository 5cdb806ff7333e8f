"""SageMaker Pipelines: started under a token of ours, which starts one execution at most."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from rollbook.outbound.asking import Answer, Unsent, Way
from rollbook.outbound.secret import Secret
from rollbook.retrain.starters.shape import (
    Order,
    Run,
    Shape,
    Standing,
    State,
    parts,
    standing,
    sure,
    text,
)
from rollbook.retrain.starters.sigv4 import Credentials, signed

DONE = frozenset({"Succeeded"})
FAILED = frozenset({"Failed", "Stopped", "Stopping"})
AGAIN = ("Throttling", "ExpiredToken", "UnrecognizedClient", "InvalidSignature", "AccessDenied")
"""Errors of AWS, with status 400, that are no answer to what was asked."""
NOT_FOUND = "ResourceNotFound"


class SageMakerTarget(Shape):
    """A pipeline; its execution gets the parameters, which it must know."""

    kind: Literal["sagemaker"]
    region: str
    pipeline: str
    url: str | None = None
    """Of another endpoint than `https://api.sagemaker.REGION.amazonaws.com/`."""
    access_key: Secret
    secret_key: Secret
    session_token: Secret | None = None
    run_parameter: str | None = "RollbookRun"
    model_parameter: str | None = "RollbookModel"


class SageMaker:
    """Starts executions of a pipeline."""

    settle = timedelta(0)

    def __init__(self, target: SageMakerTarget, way: Way) -> None:
        self._target = target
        self._way = way
        self._url = target.url or f"https://api.sagemaker.{target.region}.amazonaws.com/"

    async def find(self, order: Order) -> Run | None:
        """The execution of our display name."""
        answer = await self._ask(
            "ListPipelineExecutions",
            {
                "PipelineName": self._target.pipeline,
                "CreatedAfter": (order.requested_at - timedelta(minutes=5)).timestamp(),
                "MaxResults": 100,
            },
        )
        for each in parts(sure(answer).json(), "PipelineExecutionSummaries"):
            if each.get("PipelineExecutionDisplayName") == order.key:
                return Run(text(each, "PipelineExecutionArn"))
        return None

    async def start(self, order: Order) -> Run:
        """With the same token, AWS answers with the same execution."""
        told = order.told(self._target.run_parameter, self._target.model_parameter)
        answer = await self._ask(
            "StartPipelineExecution",
            {
                "PipelineName": self._target.pipeline,
                "PipelineExecutionDisplayName": order.key,
                "PipelineParameters": [{"Name": n, "Value": v} for n, v in told.items()],
                "ClientRequestToken": order.key,
            },
        )
        return Run(text(sure(answer).json(), "PipelineExecutionArn"))

    async def look(self, order: Order, run: str) -> State:
        """As AWS has it."""
        del order
        answer = await self._ask("DescribePipelineExecution", {"PipelineExecutionArn": run})
        if NOT_FOUND in _kind(answer):
            return State(Standing.GONE)
        found = sure(answer).json()
        said = found.get("FailureReason", "")
        return standing(found.get("PipelineExecutionStatus"), said, done=DONE, failed=FAILED)

    async def stop(self, order: Order, run: str) -> None:
        """What has ended stays as it is."""
        if (await self.look(order, run)).standing is Standing.RUNNING:
            body = {"PipelineExecutionArn": run, "ClientRequestToken": f"{order.key}-stop"}
            sure(await self._ask("StopPipelineExecution", body))

    async def _ask(self, action: str, said: dict[str, Any]) -> Answer:
        target = self._target
        body = json.dumps(said, separators=(",", ":")).encode()
        token = target.session_token
        headers = signed(
            "POST",
            self._url,
            {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"SageMaker.{action}"},
            body,
            credentials=Credentials(
                target.access_key.read(), target.secret_key.read(), token.read() if token else None
            ),
            region=target.region,
            service="sagemaker",
            now=datetime.now(UTC),
        )
        answer = await self._way.ask("POST", self._url, headers=headers, body=body)
        if not answer.good and any(name in _kind(answer) for name in AGAIN):
            raise Unsent(f"it answers {answer.said()}")
        return answer


def _kind(answer: Answer) -> str:
    """The name of an error."""
    return "" if answer.good else str(answer.json().get("__type", ""))
