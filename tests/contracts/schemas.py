"""JSON Schema of every message, from its class; an incompatible one is never written over."""

import json
from pathlib import Path
from typing import Any

from rollbook.domain.messages import Message
from rollbook.eventlog.codec import COMMANDS, LOG_MESSAGES
from tests.contracts.compatibility import Kind, compatible

DIALECT = "https://json-schema.org/draft/2020-12/schema"
CONTRACTS = Path(__file__).parents[2] / "contracts"

FOLDERS = {Kind.COMMAND: ("commands", COMMANDS), Kind.EVENT: ("events", LOG_MESSAGES)}


class IncompatibleError(Exception):
    """A schema that cannot take the place of the committed one; the message says why."""


def path_of(kind: Kind, cls: type[Message]) -> str:
    """The schema's file, relative to `contracts/`."""
    return f"schemas/{FOLDERS[kind][0]}/{cls.__name__}.v{cls.schema_version}.json"


def schema_of(kind: Kind, cls: type[Message]) -> dict[str, Any]:
    """The JSON Schema of a message's value."""
    # No $id: the files are addressed by where they lie, and need no host to be resolved.
    schema = cls.model_json_schema()
    return {"$schema": DIALECT} | (_opened(schema) if kind is Kind.EVENT else schema)


def _opened(schema: Any) -> Any:
    """The schema with room for fields that a newer writer adds, as our own reader leaves it."""
    match schema:
        case dict():
            kept = {k: v for k, v in schema.items() if (k, v) != ("additionalProperties", False)}
            return {k: _opened(v) for k, v in kept.items()}
        case list():
            return [_opened(part) for part in schema]
        case _:
            return schema


def render(document: object) -> str:
    """JSON as it is committed."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def schemas() -> dict[str, str]:
    """Every schema by its file."""
    return {
        path_of(kind, cls): render(schema_of(kind, cls))
        for kind, (_, classes) in FOLDERS.items()
        for cls in classes.values()
    }


def breaks(committed: Path, generated: dict[str, str]) -> list[str]:
    """What in `generated` an old reader or an old record of `committed` could not survive."""
    found: list[str] = []
    for kind, (folder, classes) in FOLDERS.items():
        for file in sorted((committed / "schemas" / folder).glob("*.json")):
            name = f"schemas/{folder}/{file.name}"
            message = file.name.split(".")[0]
            if message not in classes:
                found.append(f"{name}: an old record fails: the message {message} is gone")
            elif name in generated:
                old, new = json.loads(file.read_text()), json.loads(generated[name])
                found += [f"{name}: {why}" for why in compatible(old, new, kind)]
    return found


def refuse_breaks(committed: Path, generated: dict[str, str]) -> None:
    """Raise `IncompatibleError` unless every committed schema may be replaced."""
    if found := breaks(committed, generated):
        raise IncompatibleError(
            "\n".join(found)
            + "\nRecords of this version stand in logs for ever. Add the field as an optional one,"
            " or give the message a new name, or raise its schema_version and bring old records"
            " forward."
        )
