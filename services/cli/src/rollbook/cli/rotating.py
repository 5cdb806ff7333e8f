"""`rollbook audit rotate`: the old key signs that from now on a new one speaks for the log."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rollbook.cli import output
from rollbook.cli.arguments import bad
from rollbook.cli.auditing import signing
from rollbook.cli.exits import Exit
from rollbook.cli.tailing import Json


def rotate(
    old: Annotated[Path, Parameter(help="File of the key that signed so far.")],
    new: Annotated[Path, Parameter(help="File of the key that will sign.")],
    /,
    *,
    to: Annotated[
        Path, Parameter(name="--to", help="Folder for the note, such as that of the checkpoints.")
    ],
    json: Json = False,
) -> Exit:
    """Replace the key that signs checkpoints: who trusts the old one may trust the new one.

    ```console
    rollbook audit key new.key --name example.org/rollbook
    rollbook audit rotate signer.key new.key --to checkpoints/
    rollbook audit verify bundle.tar --key signer.pub --key checkpoints/succession-*.note
    ```

    What the old key signed stays verifiable. Give the note to all who have the old public key,
    then sign with the new key. Not for a key that was stolen: whoever has it can do this, too.
    """
    from rollbook.audit.succession import Succession, hand_over  # noqa: PLC0415

    before, after = signing(old), signing(new)
    if before == after:
        raise bad("the new key is the old one", "make another: rollbook audit key FILE")
    note = hand_over(before, after)
    file = to / Succession.parse(note).file_name
    try:
        to.mkdir(parents=True, exist_ok=True)
        file.write_text(note)
    except OSError as error:
        raise bad(f"cannot write {file}: {error.strerror}") from error
    if json:
        output.document({"file": str(file), "verifier": str(after.verifier)})
    else:
        output.raw(str(file))
    return Exit.DONE
