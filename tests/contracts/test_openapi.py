"""The OpenAPI document is valid, and shows every command."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from rollbook.eventlog.commands import COMMANDS
from tests.contracts.openapi import describe


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return describe()


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_the_validator_refuses_a_wrong_document(document: dict[str, Any]) -> None:
    with pytest.raises(OpenAPIValidationError):
        OpenAPIV31SpecValidator(document | {"paths": {"/x": {"get": {"responses": 7}}}}).validate()


def commands(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = (path["post"] for path in document["paths"].values() if "post" in path)
    named = {operation["operationId"]: operation for operation in found}
    return {name: operation for name, operation in named.items() if name in COMMANDS}


def test_there_is_one_operation_for_each_command(document: dict[str, Any]) -> None:
    assert commands(document).keys() == COMMANDS.keys()


def test_the_example_of_every_command_is_valid_by_its_schema_and_class(
    document: dict[str, Any],
) -> None:
    for name, operation in commands(document).items():
        body = operation["requestBody"]["content"]["application/json"]
        schema = {**body["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(body["example"])
        COMMANDS[name].model_validate(body["example"])


def test_errors_are_problem_documents(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400 and path.startswith("/api/"):
                    assert list(response["content"]) == ["application/problem+json"], path
