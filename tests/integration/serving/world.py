"""A model server on a real Kafka, told what stands as the command service would tell it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer

from rollbook.artifacts import folders
from rollbook.domain.traffic import Arm, Pointing, Served, Trial
from rollbook.eventlog.standing import as_record
from rollbook.eventlog.topics import LogAddress
from rollbook.serving.app import ServingService
from rollbook.serving.settings import ServingSettings
from tests.support.service import until

MODEL = "team/churn"
NAME = "team.churn"
ROWS = [1.0, 1.0, 1.0, 1.0]


def onnx(path: Path, weight: float) -> None:
    """A model that adds up four columns and multiplies by `weight`."""
    import onnx
    from onnx import TensorProto, helper

    def tensor(name: str, shape: list[Any]) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    weights = helper.make_tensor("w", TensorProto.FLOAT, [4, 1], [weight] * 4)
    node = helper.make_node("MatMul", ["rows", "w"], ["scores"])
    graph = helper.make_graph(
        [node], "g", [tensor("rows", ["n", 4])], [tensor("scores", ["n", 1])], [weights]
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(made, str(path))


@dataclass
class Models:
    """Versions of one model, whose answers tell which one they are."""

    folder: Path
    made: dict[int, Served] = field(default_factory=dict)

    def version(self, number: int) -> Served:
        if number not in self.made:
            path = self.folder / f"{number}.onnx"
            onnx(path, number / 4)
            self.made[number] = Served(
                version=number, digest=folders.digest_of(path), uri=path.as_uri(), format="onnx"
            )
        return self.made[number]

    def arm(self, number: int, weight: float, mirror: float = 0.0) -> Arm:
        return Arm(**self.version(number), weight=weight, mirror=mirror)


class Board:
    """Says what stands, in the topic."""

    def __init__(self, log: LogAddress, models: Models) -> None:
        self.log = log
        self.models = models
        self._producer = AIOKafkaProducer(bootstrap_servers=log.kafka, acks="all")
        self.offset = 0

    async def start(self) -> None:
        await self._producer.start()

    async def stop(self) -> None:
        await self._producer.stop()

    async def stands(
        self,
        serves: int | Served,
        *,
        before: int | None = None,
        arms: Sequence[Arm] = (),
        rollout: int | None = None,
        model: str = MODEL,
    ) -> None:
        self.offset += 1
        served = self.models.version(serves) if isinstance(serves, int) else serves
        trial = Trial(number=rollout or 1, step=0, salt="salt", arms=list(arms))
        pointing = Pointing(
            schema=1,
            model=model,
            environment="production",
            alias=None,
            position=f"0:{self.offset}",
            serves=served,
            before=self.models.version(before) if before is not None else None,
            rollout=trial if arms or rollout else None,
        )
        await self._say(model, pointing)

    async def cleared(self, model: str = MODEL) -> None:
        await self._say(model, None)

    async def _say(self, model: str, pointing: Pointing | None) -> None:
        record = as_record(model, "@production", pointing)
        await self._producer.send_and_wait(self.log.serving, record.value, record.key, partition=0)


class Client:
    """Asks a model server."""

    def __init__(self, url: str) -> None:
        self.http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=60)

    async def infer(
        self, unit: str = "u", *, model: str = NAME, version: int | None = None
    ) -> httpx.Response:
        part = f"/versions/{version}" if version is not None else ""
        return await self.http.post(
            f"/v2/models/{model}{part}/infer", json=request(), headers={"X-Rollbook-Unit": unit}
        )

    async def answers(self, unit: str = "u", *, model: str = NAME) -> int:
        """The version that answers, by what it says."""
        answer = await self.infer(unit, model=model)
        if answer.status_code != 200:
            return 0
        said = answer.json()
        assert said["model_version"] == answer.headers["x-rollbook-version"]
        assert said["outputs"][0]["data"] == [float(said["model_version"])]
        return int(said["model_version"])


def request(rows: int = 1) -> dict[str, Any]:
    data = ROWS * rows
    tensor = {"name": "rows", "shape": [rows, 4], "datatype": "FP32", "data": data}
    return {"inputs": [tensor]}


def settings(log: LogAddress, folder: Path, models: Path, **more: Any) -> ServingSettings:
    told = {
        "kafka": log.kafka,
        "app": log.app,
        "port": 0,
        "serving_folder": folder,
        "serving_folders": (models,),
        **more,
    }
    return ServingSettings.model_validate(told)


@asynccontextmanager
async def serving(told: ServingSettings) -> AsyncIterator[tuple[ServingService, Client]]:
    """A model server in this process."""
    service = ServingService(told)
    running = asyncio.create_task(service.run())
    client = Client(service.url)
    try:
        await until(lambda: service.ready)
        yield service, client
    finally:
        await client.http.aclose()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
