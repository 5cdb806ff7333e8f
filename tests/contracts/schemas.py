"""JSON Schema of every message, from its class; an incompatible one is never written over."""

import json
from collections.abc import Container, Iterable
from pathlib import Path, PurePath
from typing import Any

from rollbook.domain.messages import Message
from rollbook.domain.policies import Policy
from rollbook.eventlog.commands import COMMANDS
from rollbook.eventlog.records import LOG_MESSAGES
from rollbook.eventlog.upcasters import STEPS
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


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of a policy, for editors."""
    return {"$schema": DIALECT} | Policy.model_json_schema()


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


def breaks(
    committed: Path, generated: dict[str, str], steps: Container[tuple[str, int]] = STEPS.keys()
) -> list[str]:
    """What in `generated` an old reader, sender or record of `committed` could not survive.

    `steps`: message and version of which an upcaster brings events to the next version.
    """
    found: list[str] = []
    for kind, (folder, _) in FOLDERS.items():
        versions = _newest(generated, folder)
        for file in sorted((committed / "schemas" / folder).glob("*.json")):
            name = f"schemas/{folder}/{file.name}"
            message, version = _split(file.name)
            newest = versions.get(message)
            if newest is None:
                found.append(f"{name}: an old record fails: the message {message} is gone")
            elif kind is Kind.COMMAND or version == newest:
                # Senders do not say which version of a command they send: the newest takes all.
                new = json.loads(generated[f"schemas/{folder}/{message}.v{newest}.json"])
                old = json.loads(file.read_text())
                found += [f"{name}: {why}" for why in compatible(old, new, kind)]
            elif version > newest:
                found.append(f"{name}: {message} is at version {newest} only")
            else:
                found += [
                    f"{name}: an old record fails: no upcaster takes {message} from version"
                    f" {step} to {step + 1}"
                    for step in range(version, newest)
                    if (message, step) not in steps
                ]
    return found


def _newest(generated: Iterable[str], folder: str) -> dict[str, int]:
    """Message -> version; nobody generates an older one."""
    names = (PurePath(name) for name in generated)
    return dict(_split(name.name) for name in names if name.parent.name == folder)


def _split(file: str) -> tuple[str, int]:
    message, version, _ = file.split(".")
    return message, int(version.removeprefix("v"))


def refuse_breaks(
    committed: Path, generated: dict[str, str], steps: Container[tuple[str, int]] = STEPS.keys()
) -> None:
    """Raise `IncompatibleError` unless every committed schema may be replaced."""
    if found := breaks(committed, generated, steps):
        raise IncompatibleError(
            "\n".join(found)
            + "\nRecords of this version stand in logs for ever. Add the field as an optional one,"
            " or give the message a new name; of an event you may also raise schema_version and"
            " add the upcaster that brings old records forward (rollbook.eventlog.upcasters)."
        )
