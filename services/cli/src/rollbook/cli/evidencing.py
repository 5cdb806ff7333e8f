"""`rollbook evidence`: everything on record about a version, to account for it."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.moments import AsOf, moment
from rollbook.cli.output import plain
from rollbook.cli.tailing import AppName, Kafka, address
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Registry
    from rollbook.dossier.pack import Pack
    from rollbook.eventlog.topics import LogAddress

PAGE, DOCUMENT, BOM, PROOFS = "pack.html", "pack.json", "bom.cdx.json", "proofs"


def evidence(
    name: Annotated[str, Parameter(help="Of the model, or NAME@VERSION.")],
    /,
    *,
    environment: Annotated[
        str | None,
        Parameter(
            name=("--environment", "-e"),
            help="The version that serves there; production, if neither is named.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        Parameter(
            name=("--out", "-o"),
            help="A folder for the page, the document and the ML-BOM; or a file for one of them:"
            " NAME.html, NAME.cdx.json or NAME.json.",
        ),
    ] = None,
    as_of: AsOf = None,
    checkpoints: Annotated[
        Path | None,
        Parameter(
            help="Folder that `audit checkpoint` writes to: each event's proof goes into the"
            " folder, below `proofs`."
        ),
    ] = None,
    kafka: Kafka = None,
    app: AppName = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Pack everything on record about a version: for an auditor, a customer, a court.

    ```console
    rollbook evidence churn -o pack/                  # what serves in production
    rollbook evidence churn@3 -o pack.html
    rollbook evidence churn -e staging -o bom.cdx.json --as-of 2026-03-01
    rollbook evidence churn@3 --json > pack.json
    rollbook evidence churn -o pack/ --checkpoints checkpoints/   # with proofs of each event
    ```

    The page needs nothing but itself. `rollbook audit verify pack/proofs/… --key …` checks a
    proof, and needs no registry.
    """
    from rollbook.dossier.pack import Pack  # noqa: PLC0415

    model, version = arguments.key_and_version(name)
    if version is not None and environment is not None:
        raise bad("give either @VERSION or --environment")
    if out is None and not target.json:
        raise bad("say where it shall go", f"rollbook evidence {name} -o pack/")
    if checkpoints is not None and (out is None or _is_file(out)):
        raise bad("proofs need a folder", f"rollbook evidence {name} -o pack/ --checkpoints …")
    at = moment(as_of)
    with target.registry() as registry:
        if version is None:
            version = _serving(registry, model, environment or "production", at)
        found = registry.evidence_pack(model, version, as_of=at)
    pack = Pack.model_validate(found)
    files = _written(out, pack, dict(found)) if out is not None else []
    if out is not None and checkpoints is not None:
        files += _proven(out / PROOFS, pack, checkpoints, address(kafka, app, target.folder))
    if target.json and out is None:
        output.document(found)
    elif target.json:
        output.document({"model": model, "version": version, "files": [str(f) for f in files]})
    for file in () if target.json else files:
        output.say(f"[green]written:[/] {plain(file)}")
    return Exit.DONE


def _serving(
    registry: "Registry", model: str, environment: str, at: "datetime | str | None"
) -> int:
    stay = registry.environments(model, as_of=at).get(environment)
    if stay is None:
        raise Failure(
            Exit.REFUSED,
            f"nothing serves in {environment}{' as of that moment' if at else ''}",
            advice=f"name a version: rollbook evidence {model}@1 …",
            code="nothing_serves",
        )
    return stay.version


def _written(out: Path, pack: "Pack", found: dict[str, Any]) -> list[Path]:
    from rollbook.dossier.bom import bom  # noqa: PLC0415
    from rollbook.dossier.page import page  # noqa: PLC0415

    texts = {PAGE: page(pack), BOM: _json(bom(pack)), DOCUMENT: _json(found)}
    try:
        if not _is_file(out):
            out.mkdir(parents=True, exist_ok=True)
            for name, text in texts.items():
                (out / name).write_text(text, encoding="utf-8")
            return [out / name for name in texts]
        name = (
            PAGE if out.suffix == ".html" else BOM if out.name.endswith(".cdx.json") else DOCUMENT
        )
        out.write_text(texts[name], encoding="utf-8")
    except OSError as error:
        raise bad(f"cannot write {out}: {error.strerror}") from error
    return [out]


def _proven(folder: Path, pack: "Pack", checkpoints: Path, place: "LogAddress") -> list[Path]:
    from rollbook.cli.proving import prove  # noqa: PLC0415

    events = [*pack.events, *(link for chain in pack.chains for link in chain.links)]
    proven = prove(place, checkpoints, (event.position for event in events))
    for position in proven.uncovered:
        output.console(stderr=True).print(f"[yellow]no checkpoint covers {position} yet[/]")
    folder.mkdir(exist_ok=True)
    files = {folder / f"{p.replace(':', '-')}.json": proof for p, proof in proven.proofs.items()}
    for file, proof in files.items():
        file.write_bytes(proof)
    return list(files)


def _is_file(out: Path) -> bool:
    return out.suffix in (".html", ".json")


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
