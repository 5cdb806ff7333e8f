"""The services that `rollbook up` can start, and their settings."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from rollbook.auditor.app import AuditorService
from rollbook.auditor.settings import AuditorSettings
from rollbook.cli import ports
from rollbook.cli.crew import Service
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.place import Place
from rollbook.cli.storage import Addresses
from rollbook.command.app import CommandService
from rollbook.command.settings import CommandSettings
from rollbook.deployer.app import DeployerService
from rollbook.deployer.settings import DeployerSettings
from rollbook.monitor.app import MonitorService
from rollbook.monitor.settings import MonitorSettings
from rollbook.notifier.app import NotifierService
from rollbook.notifier.places import BadPlaces
from rollbook.notifier.settings import NotifierSettings
from rollbook.projector.app import ProjectorService
from rollbook.projector.settings import ProjectorSettings
from rollbook.query.app import QueryService
from rollbook.query.settings import QuerySettings
from rollbook.retrain.app import RetrainService
from rollbook.retrain.settings import RetrainSettings
from rollbook.retrain.targets import BadPipelines
from rollbook.serving.app import ServingService
from rollbook.serving.settings import ServingSettings
from rollbook.signing.errors import BadTrust
from rollbook.validator.app import ValidatorService
from rollbook.validator.settings import ValidatorSettings


def all_of(
    addresses: Addresses,
    query: QuerySettings,
    instance: str,
    models: Path,
) -> dict[str, Service]:
    """Every service of `rollbook up`; ROLLBOOK_INSTANCE goes before `instance`.

    `models`: the folder of models on this machine that the validator may read.
    """
    named = _settings(lambda: CommandSettings(kafka=addresses.kafka))
    command = CommandService(
        named if named.instance else named.model_copy(update={"instance": instance})
    )
    projector = _settings(
        lambda: ProjectorSettings.model_validate(
            {"kafka": addresses.kafka, "postgres": addresses.postgres}
        )
    )
    monitor = _settings(
        lambda: MonitorSettings.model_validate(
            {"kafka": addresses.kafka, "postgres": addresses.postgres}
        )
    )
    deployer = _settings(
        lambda: DeployerSettings.model_validate(
            {"kafka": addresses.kafka, "postgres": addresses.postgres}
        )
    )
    tables = {"kafka": addresses.kafka, "postgres": addresses.postgres}
    validated: dict[str, object] = {
        "kafka": addresses.kafka,
        "postgres": addresses.postgres,
        "artifacts": query.artifacts,
        "artifacts_archive": query.artifacts_archive,
    }
    if "ROLLBOOK_VALIDATOR_FOLDERS" not in os.environ:
        validated["validator_folders"] = (models,)
    trained: dict[str, object] = {**tables}
    if "ROLLBOOK_RETRAIN_RUNS" not in os.environ:
        trained["retrain_runs"] = models.parent / "retrainings"
    notified: dict[str, object] = {"postgres": addresses.postgres}
    if "ROLLBOOK_NOTIFIER_SECRET" not in os.environ:
        notified["notifier_secret"] = Place(models.parent).notifier_secret()
    auditor: dict[str, Service] = {}
    if os.environ.get("ROLLBOOK_CHECKPOINT_TO"):  # who says nowhere has nobody to sign for
        auditor["auditor"] = _auditor({"kafka": addresses.kafka})
    return {
        "command": command,
        "projector": ProjectorService(projector),
        "query": QueryService(query),
        "monitor": MonitorService(monitor),
        "deployer": DeployerService(deployer),
        "validator": _validator(validated),
        "retrain": _retrain(trained),
        "notifier": _notifier(notified),
        **auditor,
    }


def serving_in(
    addresses: Addresses, query: QuerySettings, folder: Path, **told: object
) -> ServingService:
    """The model server of `rollbook up`: a model is loaded when somebody first asks for it.

    The environment goes before what is said here, but for the addresses and `told`.
    """
    beside: dict[str, object] = {
        "serving_ahead": (),
        "serving_folder": folder / "serving",
        "serving_folders": (folder / "models",),
        "port": ports.from_(SERVING_PORT),
        "artifacts": query.artifacts,
        "artifacts_archive": query.artifacts_archive,
    }
    named = {name for name in beside if f"ROLLBOOK_{_variable(name)}" in os.environ}
    kept = {name: value for name, value in beside.items() if name not in named}
    return serving({"kafka": addresses.kafka, "app": query.app, **kept, **told})


def _variable(name: str) -> str:
    return "SERVING_PORT" if name == "port" else name.upper()


def query_settings(addresses: Addresses, host: str, port: int, artifacts: str) -> QuerySettings:
    """The settings of the query service of `rollbook up`.

    ROLLBOOK_ARTIFACTS goes before `artifacts`, the URL of a store.
    """
    return _settings(
        lambda: QuerySettings.model_validate(
            {
                "kafka": addresses.kafka,
                "postgres": addresses.postgres,
                "host": host,
                "port": port,
                "artifacts": os.environ.get("ROLLBOOK_ARTIFACTS") or artifacts,
            }
        )
    )


SERVING_PORT: Final = 8090
"""Of the model server, or the next one that is free."""

S = TypeVar("S")

ADVICE = (
    "one service alone needs ROLLBOOK_KAFKA=host:port[,host:port], and all but the command service"
    " ROLLBOOK_POSTGRES=postgresql://…; `rollbook up` without --service brings its own"
)


def alone(name: str, host: str, port: int) -> Service:
    """One service, told everything else by the environment."""
    match name:
        case "command":
            return CommandService(_settings(CommandSettings))
        case "projector":
            return ProjectorService(_settings(ProjectorSettings))
        case "auditor":
            return _auditor({})
        case "monitor":
            return MonitorService(_settings(MonitorSettings))
        case "deployer":
            return DeployerService(_settings(DeployerSettings))
        case "validator":
            return _validator({})
        case "serving":
            return serving({})
        case "retrain":
            return _retrain({})
        case "notifier":
            return _notifier({})
        case _:
            return QueryService(_settings(lambda: QuerySettings(host=host, port=port)))


def _auditor(told: dict[str, str]) -> AuditorService:
    settings = _settings(lambda: AuditorSettings.model_validate(told))
    try:
        return AuditorService(settings)
    except ValueError as error:  # a key that cannot be read
        raise Failure(Exit.USAGE, str(error), code="settings") from error


def _validator(told: Mapping[str, object]) -> ValidatorService:
    settings = _settings(lambda: ValidatorSettings.model_validate(told))
    try:
        return ValidatorService(settings)
    except BadTrust as error:
        raise Failure(Exit.USAGE, str(error), code="settings") from error


def serving(told: Mapping[str, object]) -> ServingService:
    """A model server; what is not said here, the environment does."""
    settings = _settings(lambda: ServingSettings.model_validate(told))
    try:
        return ServingService(settings)
    except BadTrust as error:
        raise Failure(Exit.USAGE, str(error), code="settings") from error
    except OSError as error:
        raise Failure(
            Exit.ERROR,
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}",
            advice="name another port: ROLLBOOK_SERVING_PORT",
            code="no_port",
        ) from error


def _retrain(told: Mapping[str, object]) -> RetrainService:
    settings = _settings(lambda: RetrainSettings.model_validate(told))
    try:
        return RetrainService(settings)
    except BadPipelines as error:
        raise Failure(Exit.USAGE, str(error), code="settings") from error


def _notifier(told: Mapping[str, object]) -> NotifierService:
    settings = _settings(lambda: NotifierSettings.model_validate(told))
    try:
        return NotifierService(settings)
    except BadPlaces as error:
        raise Failure(Exit.USAGE, str(error), code="settings") from error


def _settings(make: Callable[[], S]) -> S:
    try:
        return make()
    except ValidationError as error:
        raise Failure(Exit.USAGE, _wrong(error), advice=ADVICE, code="settings") from error


def _wrong(error: ValidationError) -> str:
    """Every variable that is missing or wrong, without its value, which may be a secret."""
    found = []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(each["loc"][0]) if each["loc"] else "value"
        variable = name if name.startswith("ROLLBOOK_") else f"ROLLBOOK_{name.upper()}"
        found.append(
            f"{variable} is not set" if each["type"] == "missing" else f"{variable}: {each['msg']}"
        )
    return "; ".join(found)
