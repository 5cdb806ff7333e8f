"""`python -m tests.contracts.generate`: write contracts/ and the generated pages of docs/."""

import sys
from pathlib import Path

import msgspec

from rollbook.dossier.pack import Pack
from rollbook.eventlog.standing import POINTING
from rollbook.telemetry.messages import Message
from tests.contracts import asyncapi, examples, openapi, reference, schemas

ROOT = Path(__file__).parents[2]


def generated() -> dict[str, str]:
    """Every generated file but the examples, by its path from the root."""
    return {
        **{f"contracts/{name}": text for name, text in schemas.schemas().items()},
        "contracts/asyncapi.yaml": asyncapi.document(),
        "contracts/openapi.json": openapi.document(),
        "contracts/evidence-pack.schema.json": schemas.render(Pack.model_json_schema()),
        "contracts/serving.schema.json": schemas.render(POINTING.json_schema()),
        "contracts/telemetry.schema.json": schemas.render(msgspec.json.schema(Message)),
        "contracts/policy.schema.json": schemas.render(schemas.policy_schema()),
        **{f"docs/reference/{name}": text for name, text in reference.pages().items()},
    }


def write(root: Path) -> list[str]:
    """Bring the files below `root` up to date and return those that changed.

    Raises `IncompatibleError`, before anything is written, for a schema that may not change so.
    """
    contracts = root / "contracts"
    files = generated()
    schemas.refuse_breaks(contracts, schemas.schemas())
    folder = contracts / "examples"
    new = {f"contracts/examples/{name}": text for name, text in examples.missing(folder).items()}
    if new:
        known = contracts / examples.MANIFEST
        before = known.read_text() if known.exists() else ""
        lines = examples.manifest({Path(p).name: text.encode() for p, text in new.items()})
        new[f"contracts/{examples.MANIFEST}"] = before + lines
    changed = []
    for path, text in (files | new).items():
        file = root / path
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            changed.append(path)
    return changed


def main() -> int:
    """Return the exit code: 1 when a committed schema may not be replaced."""
    try:
        changed = write(ROOT)
    except schemas.IncompatibleError as error:
        sys.stderr.write(f"refused, nothing was written:\n{error}\n")
        return 1
    sys.stderr.write("".join(f"{path}\n" for path in changed) or "everything is up to date\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
