"""`rollbook card edit`: a card in somebody's own editor."""

import os
import shlex
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.carding import card_of, current, read
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.serving import NameAndVersion, tell
from rollbook.cli.target import Target


def edit(name: NameAndVersion, /, *, target: Target = Target()) -> Exit:  # noqa: B008
    """Open a version's card in your editor (VISUAL, else EDITOR), with a hint for each section.

    A card that breaks a rule is kept, and its file is named, so that nothing written is lost. If
    somebody else revises the card meanwhile, yours is refused instead of replacing theirs.

    ```console
    rollbook card edit churn@3
    EDITOR="code --wait" rollbook card edit churn@3
    ```
    """
    from rollbook.cards import template  # noqa: PLC0415
    from rollbook.domain.cards import Card  # noqa: PLC0415

    model, version = arguments.of_version(name)
    with target.registry() as registry:
        before = current(registry, model, version)
        card = card_of(before) if before else Card()
        with tempfile.NamedTemporaryFile(
            "w", prefix=f"card-{version}-", suffix=".yaml", delete=False, encoding="utf-8"
        ) as made:
            made.write(template.dump(card))
        file = Path(made.name)
        with ExitStack() as stack:
            stack.callback(_kept, file)
            _let_edit(file)
            written = read(file)
            seq = registry.model(model).seq
            now = current(registry, model, version)
            if (now and now.revision) != (before and before.revision):
                raise Failure(
                    Exit.REFUSED, "somebody has revised the card meanwhile", code="conflict"
                )
            outcome = registry.write_card(model, version, written, expected_seq=seq)
            stack.pop_all()
        file.unlink()
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def _kept(file: Path) -> None:
    output.console(stderr=True).print(f"  what you wrote is kept: {output.plain(file)}")


def _let_edit(file: Path) -> None:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        ended = subprocess.run([*shlex.split(editor), str(file)], check=False)
    except OSError as error:
        raise bad(f"cannot start {editor}: {error.strerror}", "name another: EDITOR=…") from error
    if ended.returncode:
        raise bad(f"{editor} ended with {ended.returncode}: nothing was written")
