"""docker-compose.yml: valid by the Compose schema, and about services and settings that exist."""

import json
import re
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
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

ROOT = Path(__file__).parents[3]
SETTINGS: dict[str, type[BaseSettings]] = {
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


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    vendored = files("check_jsonschema.builtin_schemas.vendor") / "compose-spec.json"
    return Draft202012Validator(json.loads(vendored.read_text()))


def test_the_file_is_valid_by_the_compose_schema(
    compose: dict[str, Any], schema: Draft202012Validator
) -> None:
    schema.validate(compose)


def test_the_compose_schema_refuses_a_misspelt_key(
    compose: dict[str, Any], schema: Draft202012Validator
) -> None:
    services = compose["services"] | {"query": compose["services"]["query"] | {"port": []}}
    assert not schema.is_valid(compose | {"services": services})


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_starts_a_module_that_exists(compose: dict[str, Any], name: str) -> None:
    python, flag, module = compose["services"][name]["command"]
    assert (python, flag) == ("python", "-m")
    assert find_spec(f"{module}.__main__") is not None


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_is_told_what_its_settings_know_and_need(
    compose: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = compose["services"][name]["environment"]
    known = set(_variables(SETTINGS[name]))
    assert given.keys() <= known
    for variable, value in given.items():
        monkeypatch.setenv(variable, re.sub(r"\$\{\w+:-(\w+)\}", r"\1", value))
    settings = SETTINGS[name]().model_dump()
    assert settings.get("kafka", "kafka:9092") == "kafka:9092"


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_has_no_rights_that_it_does_not_need(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def test_nothing_listens_beyond_this_machine(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_every_volume_that_is_used_is_declared(compose: dict[str, Any]) -> None:
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
    }
    assert used == compose["volumes"].keys()


def test_the_image_is_made_of_files_that_exist_and_are_not_ignored() -> None:
    lines = (ROOT / "infra/Dockerfile").read_text().splitlines()
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [w for line in lines if re.match(r"COPY (?!--from)", line) for w in line.split()[1:-1]]
    assert copied
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignore, name
    for member in re.findall(r"\./((?:libs|services)/\w+)", "\n".join(lines)):
        assert (ROOT / member / "pyproject.toml").exists(), member


def test_the_image_holds_every_package_that_its_services_need() -> None:
    import tomllib

    text = (ROOT / "infra/Dockerfile").read_text()
    installed = {m.partition("/")[2] for m in re.findall(r"\./((?:libs|services)/\w+)", text)}
    for member in re.findall(r"\./((?:libs|services)/\w+)", text):
        project = tomllib.loads((ROOT / member / "pyproject.toml").read_text())["project"]
        needed = re.findall(r"^rollbook-(\w+)", "\n".join(project["dependencies"]), re.MULTILINE)
        assert set(needed) <= installed, member


def test_the_image_ends_as_a_user_without_rights() -> None:
    text = (ROOT / "infra/Dockerfile").read_text()
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE)[-1] == "10001:10001"


def _variables(settings: type[BaseSettings]) -> list[str]:
    prefix = settings.model_config["env_prefix"]
    return [
        field.validation_alias
        if isinstance(field.validation_alias, str)
        else f"{prefix}{name.upper()}"
        for name, field in settings.model_fields.items()
    ]
