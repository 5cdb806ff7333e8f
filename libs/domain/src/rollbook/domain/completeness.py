"""Whether the record of a version holds what its namespace asks for, and how much of it."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
from pydantic import JsonValue
from pydantic_core import from_json, to_json

from rollbook.domain.messages import Refused
from rollbook.domain.rulebook import CoreField, MetadataSchema
from rollbook.domain.state import Model, Version
from rollbook.domain.tenancy import Namespace

if TYPE_CHECKING:
    from rollbook.domain.versions import RegisterVersion, VersionRegistered

BITS: Final[dict[CoreField, int]] = {
    "run_id": 1 << 0,
    "code_commit": 1 << 1,
    "training_data": 1 << 2,
    "training_data_digest": 1 << 3,
    "validation_data": 1 << 4,
    "features": 1 << 5,
    "environment": 1 << 6,
    "runtime": 1 << 7,
    "metrics": 1 << 8,
    "params": 1 << 9,
    "signature": 1 << 10,
    "description": 1 << 11,
    "licence": 1 << 12,
    "data_use": 1 << 13,
    "consent": 1 << 14,
    "pii": 1 << 15,
    "evaluations": 1 << 16,
    "owner": 0,  # the model's, not the version's
}
"""The bit of each core field in `Version.recorded`; never reuse one: snapshots hold them."""

SCHEMA_LIMIT: Final = 65_536
"""Bytes of JSON Schema."""

DEPTH_LIMIT: Final = 50
TOLD: Final = 20
"""Lacks that are put into words; who mends them hears of the others."""


def recorded(facts: "VersionRegistered | RegisterVersion") -> int:
    """Which core fields a registration gives, a bit each."""
    lineage, terms = facts.lineage, facts.terms
    found = 0
    if lineage.run_id:
        found |= 1 << 0
    if lineage.code_commit:
        found |= 1 << 1
    for data in lineage.datasets:
        if data.role == "train":
            found |= 1 << 2 | (1 << 3 if data.digest else 0)
        elif data.role == "validation":
            found |= 1 << 4
    if lineage.features:
        found |= 1 << 5
    if lineage.environment:
        found |= 1 << 6
    if lineage.runtime is not None:
        found |= 1 << 7
    if facts.metrics:
        found |= 1 << 8
    if facts.params:
        found |= 1 << 9
    if facts.signature is not None:
        found |= 1 << 10
    if facts.description:
        found |= 1 << 11
    if terms is not None:
        found |= (
            (1 << 12 if terms.licence else 0)
            | (1 << 13 if terms.data_use else 0)
            | (1 << 14 if terms.consent else 0)
            | (1 << 15 if terms.pii else 0)
        )
    if facts.evaluations:
        found |= 1 << 16
    return found


def check_schema(schema: MetadataSchema) -> None:
    """Refuse a document that is no JSON Schema, or whose cost nobody could foresee."""
    text = to_json(schema.properties)
    if len(text) > SCHEMA_LIMIT:
        raise Refused("invalid_schema", f"properties: at most {SCHEMA_LIMIT:,} bytes of schema")
    _refuse_references(schema.properties, DEPTH_LIMIT)
    try:
        _validator(text)
    except jsonschema_rs.ValidationError as error:
        raise Refused("invalid_schema", f"properties: {error.message[:500]}") from None


def _refuse_references(part: JsonValue, depth: int) -> None:
    """Few references suffice for a schema that takes years to check."""
    if depth == 0:
        raise Refused("invalid_schema", f"properties: nested deeper than {DEPTH_LIMIT}")
    match part:
        case dict():
            if any(isinstance(part.get(word), str) for word in ("$ref", "$dynamicRef")):
                raise Refused("invalid_schema", "properties: write out what $ref would refer to")
            for inner in part.values():
                _refuse_references(inner, depth - 1)
        case list():
            for inner in part:
                _refuse_references(inner, depth - 1)
        case _:
            pass


def lacks(
    schema: MetadataSchema, bits: int, properties: Mapping[str, Any], owner: str | None
) -> list[str]:
    """What the record lacks or has wrong, in words; nothing when it is complete."""
    found = [
        f"{field} is missing"
        for field in schema.required
        if not (owner if field == "owner" else bits & BITS[field])
    ]
    if schema.properties:
        errors = _validator(to_json(schema.properties)).iter_errors(dict(properties))
        found += sorted(_words(error) for error in errors)
    return found[:TOLD]


def lacks_of(state: Model, version: Version, namespace: Namespace) -> list[str]:
    """What a version lacks by the schema that its namespace has now."""
    if namespace.schema is None:
        return []
    properties = adapted(version.properties, namespace.adapters[version.schema :])
    return lacks(namespace.schema, recorded_by_now(version), properties, state.owner)


def recorded_by_now(version: Version) -> int:
    """Which core fields a version has, a bit each, with what came after its registration."""
    described = BITS["description"] if version.description else 0
    evaluated = BITS["evaluations"] if version.review.evaluations else 0
    return version.recorded & ~BITS["description"] | described | evaluated


def adapted(
    properties: Mapping[str, Any], adapters: Iterable[Mapping[str, str]]
) -> Mapping[str, Any]:
    """Properties under the names that later schemas gave them; a name that is taken stays so."""
    for names in adapters:
        kept = {key: value for key, value in properties.items() if key not in names}
        moved = {names[key]: value for key, value in properties.items() if key in names}
        properties = moved | kept
    return properties


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        from_json(schema),
        offline=True,
        validate_formats=True,
        mask="the value",  # it may be private, and reasons stand in the log
        pattern_options=jsonschema_rs.RegexOptions(),  # linear time: schemas come from anybody
    )


def _words(error: jsonschema_rs.ValidationError) -> str:
    place = ".".join(map(str, error.instance_path))
    return f"properties{'.' + place if place else ''}: {error.message[:300]}"
