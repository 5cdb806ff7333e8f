"""`rollbook audit`: signed checkpoints of the log, and what outsiders need to verify it."""

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import auditlog, output
from rollbook.cli.arguments import bad
from rollbook.cli.auditshelf import Shelf
from rollbook.cli.exits import Exit
from rollbook.cli.tailing import AppName, DataFolder, Json, Kafka, address

if TYPE_CHECKING:
    from rollbook.audit.checkpoint import Checkpoint
    from rollbook.audit.entry import Entry
    from rollbook.audit.merkle import Tree
    from rollbook.audit.note import SigningKey
    from rollbook.eventlog.topics import LogAddress

Checkpoints = Annotated[
    Path, Parameter(name="--checkpoints", help="Folder that `audit checkpoint` writes to.")
]


def key(
    file: Annotated[Path, Parameter(help="Where the secret is kept; made if it is not there.")],
    /,
    *,
    name: Annotated[
        str | None,
        Parameter(help="Of the key, best an address of yours without its scheme."),
    ] = None,
    json: Json = False,
) -> Exit:
    """Make a key that signs checkpoints, and say its public half: give that to auditors.

    ```console
    rollbook audit key signer.key --name example.org/rollbook
    rollbook audit key signer.key > signer.pub    # again, for a key that is there
    ```

    Whoever has the file can sign for the log: it is readable by you alone, and no service needs it.
    """
    from rollbook.audit.note import NoteError, SigningKey  # noqa: PLC0415

    if file.exists():
        made = signing(file)
        if name is not None and name != made.name:
            raise bad(f"{file} holds the key {made.name}", "name another file for another key")
    else:
        try:
            made = SigningKey.make(name or "rollbook")
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except NoteError as error:
            raise bad(str(error)) from error
        except OSError as error:
            raise bad(f"cannot write {file}: {error.strerror}") from error
        with os.fdopen(descriptor, "w") as out:
            out.write(made.reveal() + "\n")
    if json:
        output.document({"file": str(file), "name": made.name, "verifier": str(made.verifier)})
    else:
        output.raw(str(made.verifier))
    return Exit.DONE


def checkpoint(
    to: Annotated[Path, Parameter(help="Folder of checkpoints; made if it is not there.")],
    /,
    *,
    key: Annotated[
        list[Path],
        Parameter(name="--key", negative="", help="File of a key that signs; may be repeated."),
    ],
    kafka: Kafka = None,
    app: AppName = None,
    folder: DataFolder = None,
    json: Json = False,
) -> Exit:
    """Sign how the log stands now, after proving that it goes on from every earlier checkpoint.

    ```console
    rollbook audit checkpoint checkpoints/ --key signer.key
    rollbook audit checkpoint checkpoints/ --key old.key --key new.key   # while a key is replaced
    ```

    Run it on a schedule, and copy the folder to where the log's operators cannot write. A log that
    forked is refused, and nothing is signed.

    Exit codes: 0 done, 3 the log is not what was signed before, 4 unavailable.
    """
    place = address(kafka, app, folder)
    keys = [signing(file) for file in key]
    shelf = Shelf(to, place.app, [k.verifier for k in keys])
    made = asyncio.run(_checkpoint(place, shelf, keys))
    if json:
        output.document({"checkpoints": [_about(c) for c in made]})
    else:
        output.table(
            ("log", "#records", "root"), [(c.origin, f"{c.size:,}", c.root.hex()) for c in made]
        )
    return Exit.DONE


def export(
    to: Annotated[
        Path, Parameter(help="A new folder, or file: NAME.tar, or NAME.jsonl of a model.")
    ],
    /,
    *,
    checkpoints: Checkpoints,
    model: Annotated[
        str | None,
        Parameter(
            help="Only its events, of this model or namespace, with proof that all are there."
        ),
    ] = None,
    key: Annotated[
        list[Path] | None,
        Parameter(
            name="--key",
            negative="",
            help="With --model: file of a key that signs which events are the last ones, where that"
            " was not yet done for the newest checkpoint; may be repeated.",
        ),
    ] = None,
    kafka: Kafka = None,
    app: AppName = None,
    folder: DataFolder = None,
    json: Json = False,
) -> Exit:
    """Write the log up to its newest checkpoints, with all that proves it, for somebody outside.

    ```console
    rollbook audit export bundle.tar --checkpoints checkpoints/
    rollbook audit export bundle/ --checkpoints checkpoints/ --json
    rollbook audit export churn.jsonl --checkpoints checkpoints/ --model churn --key signer.key
    ```

    With --model nobody sees the others. Refusals and other answers that changed nothing are left
    out, since nothing could prove that all of them are there.
    """
    from rollbook.audit.bundle import pack  # noqa: PLC0415

    place = address(kafka, app, folder)
    shelf = Shelf(checkpoints, place.app)
    if model is not None:
        return _whole(place, shelf, to, model, [signing(file) for file in key or ()], as_json=json)
    packed = to.suffix == ".tar"
    work = to.with_name(f"{to.name}.new")
    if to.exists() or work.exists():
        raise bad(f"{to if to.exists() else work} is there already", "name another")
    try:
        manifest = asyncio.run(_export(place, shelf, work))
        if packed:
            pack(work, to)
        else:
            work.rename(to)
    except OSError as error:
        raise bad(f"cannot write {to}: {error.strerror}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if json:
        output.document({"bundle": str(to), **manifest})
        return Exit.DONE
    count = sum(c.size for c in shelf.newest().values())
    output.say(f"{count:,} records and {len(shelf.notes)} checkpoints in {output.plain(to)}")
    return Exit.DONE


def verify(
    file: Annotated[
        Path, Parameter(help="Bundle (a folder or a tar), stream (NAME.jsonl) or proof (.json).")
    ],
    /,
    *,
    key: Annotated[
        list[str],
        Parameter(
            name="--key", negative="", help="Public key, or a file with them; may be repeated."
        ),
    ],
    checkpoint: Annotated[
        list[Path] | None,
        Parameter(
            name="--checkpoint",
            negative="",
            help="A signed checkpoint that you kept, or a folder of them; may be repeated.",
        ),
    ] = None,
    json: Json = False,
) -> Exit:
    """Find every change in a bundle, and where; it needs no server.

    ```console
    rollbook audit verify bundle.tar --key signer.pub --checkpoint kept/
    rollbook audit verify proof.json --key signer.pub
    ```

    `python -m rollbook.audit verify` does the same where only the package rollbook-audit is.

    Exit codes: 0 as it was signed, 1 it is not, 2 there is nothing to verify.
    """
    from rollbook.audit.__main__ import main  # noqa: PLC0415

    asked = ["verify", str(file), *(f"--key={text}" for text in key)]
    asked += [f"--checkpoint={path}" for path in checkpoint or ()]
    return Exit(main([*asked, "--json"] if json else asked))


def prove(
    position: Annotated[str, Parameter(help="PARTITION:OFFSET, as `rollbook tail` shows it.")],
    /,
    *,
    checkpoints: Checkpoints,
    to: Annotated[
        Path | None, Parameter(name="--to", help="File of the proof, if not standard output.")
    ] = None,
    kafka: Kafka = None,
    app: AppName = None,
    folder: DataFolder = None,
) -> Exit:
    """Prove to somebody outside that one record stands in the log, without showing the others.

    ```console
    rollbook audit prove 3:1042 --checkpoints checkpoints/ > proof.json
    rollbook audit prove 3:1042 --checkpoints checkpoints/ --to proof.json
    ```
    """
    from rollbook.audit.proof import proof  # noqa: PLC0415
    from rollbook.eventlog.position import Position  # noqa: PLC0415

    try:
        wanted = Position.parse(position)
    except ValueError as error:
        raise bad(str(error)) from None
    place = address(kafka, app, folder)
    shelf = Shelf(checkpoints, place.app)
    newest = shelf.newest().get(wanted.partition)
    if newest is None or newest.size <= wanted.offset:
        raise bad(f"no checkpoint covers {wanted} yet", "make one: rollbook audit checkpoint")
    entry, tree = asyncio.run(_entry(place, shelf, newest, wanted.offset))
    content = proof(entry, tree, newest, shelf.notes[newest])
    if to is None:
        sys.stdout.write(content.decode())
    else:
        to.write_bytes(content)
    return Exit.DONE


def _whole(
    place: "LogAddress",
    shelf: Shelf,
    to: Path,
    model: str,
    keys: "list[SigningKey]",
    *,
    as_json: bool,
) -> Exit:
    from rollbook.cli.auditstream import whole  # noqa: PLC0415

    if to.suffix != ".jsonl":
        raise bad("the history of one model is a file NAME.jsonl")
    if to.exists():
        raise bad(f"{to} is there already", "name another")
    found = asyncio.run(whole(place, shelf, to, model, keys))
    if as_json:
        output.document({"file": str(to), **found})
    else:
        upto = f"up to {found['size']:,} records of {output.plain(found['log'])}"
        all_ = f"all {found['events']:,} events of {output.plain(found['stream'])}"
        output.say(f"{all_}, {upto}, in {output.plain(to)}")
    return Exit.DONE


async def _checkpoint(
    place: "LogAddress", shelf: Shelf, keys: "list[SigningKey]"
) -> "list[Checkpoint]":
    from rollbook.audit.checkpoint import Checkpoint  # noqa: PLC0415
    from rollbook.audit.merkle import Tree  # noqa: PLC0415

    stops = await auditlog.ends(place)
    trees = {number: Tree() for number in stops}
    async for partition, entry in auditlog.entries(place, stops):
        trees[partition].append(entry.leaf())
    for partition in sorted({c.partition for c in shelf.notes} | trees.keys()):
        shelf.compare(partition, trees.get(partition) or Tree())
    made = [Checkpoint(place.app, n, len(tree), tree.root()) for n, tree in sorted(trees.items())]
    for found in made:
        if found not in shelf.notes:
            shelf.add(found, keys)
    return made


async def _export(place: "LogAddress", shelf: Shelf, work: Path) -> dict[str, object]:
    from rollbook.audit.bundle import Writer  # noqa: PLC0415

    stops = {n: c.size for n, c in shelf.newest().items()}
    count = len(await auditlog.ends(place))
    if stops.keys() != set(range(count)):
        raise bad(f"the log has {count} partitions, the checkpoints are of {sorted(stops)}")
    with Writer(work, place.app, count) as writer:
        async for partition, entry in auditlog.entries(place, stops):
            writer.add(partition, entry)
        for partition in range(count):
            shelf.compare(partition, writer.tree(partition))
        made = writer.finish(shelf.notes, shelf.keys, heads=shelf.heads)
        return {"format": made.form, "app": made.app, "sizes": list(made.sizes)}


async def _entry(
    place: "LogAddress", shelf: Shelf, newest: "Checkpoint", offset: int
) -> "tuple[Entry, Tree]":
    from rollbook.audit.merkle import Tree  # noqa: PLC0415

    tree, found = Tree(), None
    async for _, entry in auditlog.entries(place, {newest.partition: newest.size}):
        tree.append(entry.leaf())
        if entry.offset == offset:
            found = entry
    shelf.compare(newest.partition, tree)
    assert found is not None  # noqa: S101  # it stands before the checkpoint's end
    return found, tree


def signing(file: Path) -> "SigningKey":
    """The signing key in a file; Failure where there is none."""
    from rollbook.audit.note import NoteError, SigningKey  # noqa: PLC0415

    try:
        return SigningKey.parse(file.read_text().strip())
    except OSError as error:
        raise bad(
            f"cannot read {file}: {error.strerror}", f"make a key: rollbook audit key {file}"
        ) from error
    except (NoteError, UnicodeDecodeError):
        raise bad(f"{file} holds no signing key", "make one: rollbook audit key FILE") from None


def _about(found: "Checkpoint") -> dict[str, object]:
    return {"origin": found.origin, "size": found.size, "root": found.root.hex()}
