"""Which change of a message's schema an old reader, sender or record cannot survive."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

ANNOTATIONS = frozenset({"$defs", "$id", "$schema", "title", "description", "examples"})
UPPER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
LOWER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
UNDERSTOOD = frozenset(
    {"$ref", "type", "enum", "const", "anyOf", "oneOf", "properties", "required"}
    | {"additionalProperties", "propertyNames", "items", "default", "discriminator"}
)


class Kind(StrEnum):
    """Commands are read by the newest code only; events by every reader there ever was."""

    COMMAND = "command"
    EVENT = "event"


def compatible(old: Schema, new: Schema, kind: Kind) -> list[str]:
    """Why `new` cannot take the place of `old` under the same version; nothing when it can.

    A command may come to accept more. An event may only gain optional fields: old records must
    still be read, and readers that were built for `old` must be able to read new records.
    """
    backward = [f"an old record fails: {why}" for why in _Narrowing(old, new).find()]
    changed = [f"a default changed its meaning: {why}" for why in _defaults(old, new)]
    if kind is Kind.COMMAND:
        return backward + changed
    forward = [f"an old reader fails: {why}" for why in _Narrowing(new, old).find()]
    removed = [f"an old reader misses a field: {why}" for why in _removed(old, new)]
    return backward + changed + forward + removed


class _Narrowing:
    """What is valid by `before` and not by `after`, in words, one line for each place."""

    def __init__(self, before: Schema, after: Schema) -> None:
        self._before = before
        self._after = after
        self._seen: set[tuple[str, str]] = set()

    def find(self) -> list[str]:
        return list(self._compare(self._before, self._after, "value"))

    def _compare(self, before: Any, after: Any, where: str) -> Iterator[str]:
        if isinstance(before, dict) and isinstance(after, dict):
            pair = (str(before.get("$ref")), str(after.get("$ref")))
            if "$ref" in before and "$ref" in after:
                if pair in self._seen:
                    return
                self._seen.add(pair)
        before, after = _resolve(self._before, before), _resolve(self._after, after)
        if after is True or after == {} or before is False:
            return
        if after is False or before is True:
            yield f"{where} may no longer be anything" if before is True else f"{where} is closed"
            return
        branches, choices = _branches(before), _branches(after)
        if branches is not None or choices is not None:
            for branch in branches if branches is not None else [before]:
                reasons = [
                    list(self._compare(branch, choice, where))
                    for choice in (choices if choices is not None else [after])
                ]
                if all(reasons):
                    yield min(reasons, key=len)[0]
            return
        yield from _plain(before, after, where)
        yield from self._object(before, after, where)
        for key in ("items", "propertyNames"):
            if key in after:
                yield from self._compare(before.get(key, True), after[key], f"{where}[{key}]")

    def _object(self, before: Schema, after: Schema, where: str) -> Iterator[str]:
        required = set(before.get("required", ()))
        for name in sorted(set(after.get("required", ())) - required):
            yield f"{where}.{name} is required"
        fields, others = before.get("properties", {}), before.get("additionalProperties", True)
        targets, rest = after.get("properties", {}), after.get("additionalProperties", True)
        for name, field in fields.items():
            if name in targets:
                yield from self._compare(field, targets[name], f"{where}.{name}")
            elif rest is False:
                yield f"{where}.{name} is unknown there, and unknown fields are refused"
            else:
                yield from self._compare(field, rest, f"{where}.{name}")
        # In an open object an unknown field is ignored by whoever wrote the record, so a new
        # optional field takes nothing away; a map's values are another matter.
        if isinstance(others, dict) or (others is True and rest is not True):
            yield from self._compare(others, rest, f"{where}.*")


def _plain(before: Schema, after: Schema, where: str) -> Iterator[str]:
    kinds, allowed = _types(before), _types(after)
    if allowed is not None and (kinds is None or not kinds <= allowed):
        yield f"{where} must be {' or '.join(sorted(allowed))}"
    values, choices = _values(before), _values(after)
    if choices is not None and (values is None or any(v not in choices for v in values)):
        yield f"{where} must be one of {choices}"
    for key in UPPER & after.keys():
        if before.get(key, float("inf")) > after[key]:
            yield f"{where} has {key} {after[key]}"
    for key in LOWER & after.keys():
        if before.get(key, float("-inf")) < after[key]:
            yield f"{where} has {key} {after[key]}"
    compared = UNDERSTOOD | ANNOTATIONS | UPPER | LOWER
    for key in sorted(after.keys() - compared):  # pattern, format, and what nobody foresaw
        if before.get(key) != after[key]:
            yield f"{where} has {key} {after[key]!r}"


def _types(schema: Schema) -> set[str] | None:
    found = schema.get("type")
    if found is None:
        return None
    kinds = {found} if isinstance(found, str) else set(found)
    return kinds | {"integer"} if "number" in kinds else kinds


def _values(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found: list[Any] | None = schema.get("enum")
    return found


def _branches(schema: Schema) -> list[Any] | None:
    found: list[Any] | None = schema.get("anyOf", schema.get("oneOf"))
    return found


def _resolve(root: Schema, schema: Any) -> Any:
    while isinstance(schema, dict) and "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def _fields(root: Schema) -> dict[str, Schema]:
    """Every field of the message and of the objects inside it, by its place."""
    found: dict[str, Schema] = {}
    objects = {"value": root} | root.get("$defs", {})
    for place, schema in objects.items():
        for name, field in schema.get("properties", {}).items():
            found[f"{place}.{name}"] = field
    return found


def _defaults(old: Schema, new: Schema) -> Iterator[str]:
    fields = _fields(new)
    for place, field in _fields(old).items():
        if place in fields and "default" in field:
            now = fields[place].get("default")
            # An object's default spells out its fields: new ones with defaults of their own do
            # not change what an absent object meant.
            if isinstance(now, dict) and isinstance(field["default"], dict):
                if now | field["default"] != now:
                    yield f"{place} was {field['default']!r} when absent, now {now!r}"
            elif now != field["default"]:
                yield f"{place} was {field['default']!r} when absent, now {now!r}"


def _removed(old: Schema, new: Schema) -> Iterator[str]:
    yield from (f"{place} is gone" for place in sorted(_fields(old).keys() - _fields(new).keys()))
