"""The generated page about settings: every variable, its default and what it means."""

import ast
import inspect
from datetime import timedelta
from textwrap import dedent

from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from rollbook.auditor.settings import AuditorSettings
from rollbook.command.settings import CommandSettings
from rollbook.deployer.settings import DeployerSettings
from rollbook.monitor.settings import MonitorSettings
from rollbook.notifier.settings import NotifierSettings
from rollbook.projector.settings import ProjectorSettings
from rollbook.query.settings import QuerySettings
from rollbook.retrain.settings import RetrainSettings
from rollbook.serving.settings import ServingSettings
from rollbook.validator.settings import ValidatorSettings
from tests.contracts.markdown import table

SERVICES: dict[str, type[BaseSettings]] = {
    "command": CommandSettings,
    "projector": ProjectorSettings,
    "query": QuerySettings,
    "monitor": MonitorSettings,
    "deployer": DeployerSettings,
    "validator": ValidatorSettings,
    "retrain": RetrainSettings,
    "notifier": NotifierSettings,
    "serving": ServingSettings,
    "auditor": AuditorSettings,
}


def settings_page() -> str:
    """The page as Markdown."""
    parts = [
        "# Settings",
        (
            "Environment variables. A duration is ISO 8601 (`PT45S`) or `0:00:45`. A secret never"
            " appears in a log line."
        ),
    ]
    for service, cls in SERVICES.items():
        docs = attribute_docs(cls)
        rows = [
            [f"`{_variable(cls, name)}`", _default(cls, name), docs.get(name, "")]
            for name in cls.model_fields
        ]
        parts += [f"## {service}", table(["variable", "default", "means"], rows)]
    return "\n\n".join(parts)


def _variable(cls: type[BaseSettings], name: str) -> str:
    alias = cls.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"{cls.model_config['env_prefix']}{name.upper()}"


def _default(cls: type[BaseSettings], name: str) -> str:
    field = cls.model_fields[name]
    match field.default:
        case _ if field.default is PydanticUndefined:
            return "needed"
        case None | ():
            return "none"
        case timedelta() as span:
            return f"{span.total_seconds():g} s"
        case value:
            return f"`{value}`"


def attribute_docs(cls: type[object]) -> dict[str, str]:
    """The text under each attribute of a class."""
    body = ast.parse(dedent(inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for line, after in zip(body.body, body.body[1:], strict=False):
        match line, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = text
            case _:
                pass
    return found
