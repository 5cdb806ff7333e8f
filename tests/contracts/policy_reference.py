"""The generated page about policies: what their documents may say, and what CEL may look at."""

import inspect
from datetime import timedelta

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from rollbook.cli.policyfile import kinds
from rollbook.domain.expressions import VARIABLES
from rollbook.domain.gates import AnyGate
from rollbook.domain.policies import Policy, PolicyTest
from tests.contracts.markdown import table
from tests.contracts.settings_reference import attribute_docs

MEANINGS = {
    "model": "`namespace/name`",
    "version": "its number",
    "risk": "what a wrong prediction may cost: `minimal`, `limited`, `high`; empty: nobody said",
    "owner": "of the model; empty: nobody owns it",
    "metrics": "as registered",
    "params": "hyperparameters, as registered",
    "tags": "of the version",
    "properties": "typed, as its metadata schema has them",
    "measured": 'what probes measured, such as `measured["performance.p95"]`',
    "champion": "environment → metrics of what serves there",
    "slices": 'slice, such as `"sex=f"` → its metrics, and its `samples`',
    "card": "sections of the model card that are filled in",
    "format": "of the artifact",
    "size": "of the artifact, bytes",
    "licence": "SPDX identifier; empty: nobody said",
    "pii": "`none`, `pseudonymous`, `personal`, `sensitive`; empty: nobody said",
    "signers": "who signed the bytes, as far as the signature is valid",
}
"""What each variable of an expression holds."""

INTRODUCTION = """\
# Policies

A policy is a YAML or JSON document: gates, the models to which they apply, and tests of itself.
`rollbook policy lint` checks one by these tables; editors do by the JSON Schema in
[policy.schema.json](../../contracts/policy.schema.json). [How to write a
policy](../how-to/write-a-policy.md) shows one grow.

A gate that fails rejects the version. One that names `environments` keeps it out of these alone.
What a gate cannot decide, it does not pass: a version that lacks what it looks at fails, unless
the gate says `missing: skip`."""

CEL = """\
The [Common Expression Language](https://cel.dev). Types are checked when the policy is read. Ask
whether an entry is there before you read it: `"auc" in metrics && metrics.auc > 0.9`. What is not
there makes the expression fail, or skips it by `missing`."""


def policy_page() -> str:
    """The page as Markdown."""
    common = _own(AnyGate, frozenset())
    parts = [
        INTRODUCTION,
        "## The document",
        _fields(Policy, _own(Policy, frozenset())),
        "## A test",
        _fields(PolicyTest, _own(PolicyTest, frozenset())),
        "## Gates",
        table(
            ["kind", "asks"],
            [[f"[`{kind}`](#{kind})", _doc(cls)] for kind, cls in kinds().items()],
        ),
        "Every gate may say:",
        _fields(AnyGate, common),
    ]
    known = frozenset(common) | {"kind"}
    for kind, cls in kinds().items():
        parts += [f"### {kind}", _doc(cls)]
        if own := _own(cls, known):
            parts.append(_fields(cls, own))
    assert MEANINGS.keys() == VARIABLES.keys(), "each variable has a meaning"
    rows = [[f"`{name}`", f"`{VARIABLES[name]}`", means] for name, means in MEANINGS.items()]
    parts += ["## Expressions", CEL, table(["variable", "type", "holds"], rows)]
    return "\n\n".join(parts)


def _doc(cls: type[BaseModel]) -> str:
    return inspect.cleandoc(cls.__doc__ or "")


def _own(cls: type[BaseModel], known: frozenset[str]) -> list[str]:
    return [name for name in cls.model_fields if name not in known]


def _fields(cls: type[BaseModel], names: list[str]) -> str:
    docs = attribute_docs(cls)
    properties = cls.model_json_schema()["properties"]
    rows = []
    for name in names:
        # Of a field that may be left out the schema says it of the value that it may have.
        inner = [part.get("description", "") for part in properties[name].get("anyOf", [])]
        said = [docs.get(name, ""), properties[name].get("description", ""), *inner]
        means = "; ".join(part.rstrip(".") for part in said if part)
        rows.append([f"`{name}`", _type(properties[name]), _default(cls, name), means])
    return table(["field", "type", "default", "means"], rows)


def _default(cls: type[BaseModel], name: str) -> str:
    field = cls.model_fields[name]
    default = field.get_default(call_default_factory=True)
    match default:
        case _ if default is PydanticUndefined:
            return "needed"
        case None | () | "":
            return "none"
        case dict() if not default:
            return "none"
        case timedelta() as span:
            return f"{span.total_seconds():g} s"
        case bool() as value:
            return f"`{str(value).lower()}`"
        case tuple() as values:
            return ", ".join(f"`{value}`" for value in values)
        case value:
            return f"`{value}`"


def _type(schema: dict[str, object]) -> str:
    match schema:
        case {"anyOf": list(choices)}:
            return " or ".join(_type(one) for one in choices if one.get("type") != "null")
        case {"enum": list(values)}:
            return ", ".join(f"`{value}`" for value in values)
        case {"type": "array", "items": dict(items)}:
            return f"list of {_type(items)}"
        case {"type": "string", "format": "duration"}:
            return "duration, such as `PT30S`"
        case {"type": "object"}:
            return "map"
        case {"type": str(kind)}:
            return {"string": "text"}.get(kind, kind)
        case {"$ref": str(ref)}:
            return {"PolicyTest": "[test](#a-test)"}.get(ref.rpartition("/")[2], "text")
        case {"oneOf": _}:
            return "[gate](#gates)"
        case _:
            return "any"
