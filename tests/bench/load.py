"""The commands that benches send: such as a training pipeline would, about 450 bytes each."""

import random
from collections.abc import Iterator
from uuid import UUID

from rollbook.domain.aliases import SetAlias
from rollbook.domain.catalog import RegisterModel
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.lineage import Artifact, Dataset, Lineage
from rollbook.domain.model import ModelCommand
from rollbook.domain.versions import DescribeVersion, RegisterVersion, TagVersion
from rollbook.eventlog.commands import encode_command
from rollbook.eventlog.envelope import CommandEnvelope, Outgoing

CHANCE = random.Random(20)


def model_name(number: int) -> str:
    """The key of a model."""
    return f"bench/model-{number:05d}"


def version(number: int) -> RegisterVersion:
    """A version with metrics, parameters and lineage, different for each `number`."""
    return RegisterVersion(
        artifact=Artifact(
            uri=f"s3://models/fraud/{number}/model.skops", digest=f"sha256:{number:064x}"
        ),
        metrics={"auc": 0.9 + number % 97 / 1000, "log_loss": 0.3},
        params={"max_depth": str(number % 12), "learning_rate": "0.05", "estimators": "400"},
        tags={"team": "risk", "pipeline": "nightly"},
        lineage=Lineage(
            run_id=f"run-{number:08d}",
            code_commit=f"{number:040x}",
            datasets=(Dataset(uri=f"s3://data/transactions/{number % 365}"),),
        ),
    )


def envelope(model: str, command: ModelCommand) -> CommandEnvelope:
    """A command with an id of its own."""
    return CommandEnvelope(str(UUID(int=CHANCE.getrandbits(128), version=4)), model, command)


def record(model: str, command: ModelCommand) -> Outgoing:
    """A command as it is published."""
    return Outgoing(*encode_command(envelope(model, command)), timestamp=0)


def models(count: int) -> Iterator[Outgoing]:
    """Commands that register models."""
    for number in range(count):
        yield record(model_name(number), RegisterModel())


def versions(count: int, among: int, first: int = 0) -> Iterator[Outgoing]:
    """Commands that register versions, of each of `among` models in turn."""
    for number in range(first, first + count):
        yield record(model_name(number % among), version(number))


def mixed(count: int, among: int) -> Iterator[Outgoing]:
    """What a registry sees in its life: of ten commands, seven register a version."""
    made = dict.fromkeys(range(among), 0)
    for number in range(count):
        model = number % among
        newest = made[model]
        command: ModelCommand
        match CHANCE.random() if newest else 0.0:
            case chance if chance < 0.70:
                command = version(number)
                made[model] += 1
            case chance if chance < 0.80:
                command = SetAlias(alias=CHANCE.choice(("champion", "candidate")), version=newest)
            case chance if chance < 0.90:
                command = PromoteVersion(version=CHANCE.randint(1, newest))
            case chance if chance < 0.95:
                command = TagVersion(version=newest, tags={"checked": f"by-{number}"})
            case _:
                command = DescribeVersion(version=newest, description=f"Trained in run {number}.")
        yield record(model_name(model), command)
