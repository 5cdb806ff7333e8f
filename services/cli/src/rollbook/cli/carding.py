"""`rollbook card`: model cards, from an editor, a file or a Hugging Face README."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.moments import AsOf, moment
from rollbook.cli.reading import text_of, unreadable
from rollbook.cli.sentences import clock
from rollbook.cli.serving import NameAndVersion, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import CardRevision, Outcome, Registry
    from rollbook.domain.cards import Card

Revision = Annotated[int | None, Parameter(help="An older one than the newest.")]


def show(
    name: NameAndVersion,
    /,
    *,
    revision: Revision = None,
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Show a version's card.

    ```console
    rollbook card show churn@3
    rollbook card show churn@3 --revision 1 --json
    ```
    """
    from rich.markdown import Markdown  # noqa: PLC0415

    from rollbook.cards.about import About  # noqa: PLC0415
    from rollbook.cards.markdown import markdown  # noqa: PLC0415

    model, version = arguments.of_version(name)
    with target.registry() as registry:
        found = registry.card(model, version, revision, as_of=moment(as_of))
        stale = registry.version(model, version, as_of=moment(as_of)).card_stale
    if target.json:
        output.document(output.shaped(found))
        return Exit.DONE
    text = output.harmless(markdown(card_of(found), About(model, version)))
    output.say(Markdown(text.split("\n---\n", 1)[-1] if text.startswith("---") else text))
    when = f"revision {found.revision}, {clock(found.written_at)} by {found.written_by}"
    output.say(f"[dim]{output.plain(when)}[/]{'  [red]its review is overdue[/]' if stale else ''}")
    return Exit.DONE


def write(
    name: NameAndVersion,
    file: Annotated[
        Path,
        Parameter(allow_leading_hyphen=True, help="The card as YAML or JSON; - is standard input."),
    ],
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Write a version's card from a file, as its next revision.

    ```console
    rollbook card render churn@3 --yaml > card.yaml
    rollbook card write churn@3 card.yaml
    ```
    """
    model, version = arguments.of_version(name)
    card = read(file)
    with target.registry() as registry:
        outcome = registry.write_card(model, version, card)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def import_(
    name: NameAndVersion,
    file: Annotated[
        Path,
        Parameter(allow_leading_hyphen=True, help="A Hugging Face README.md; - is standard input."),
    ],
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Take a version's card, and the results in it, over from a Hugging Face README.

    ```console
    rollbook card import churn@3 README.md
    curl -sL https://huggingface.co/ORG/MODEL/raw/main/README.md | rollbook card import churn@3 -
    ```
    """
    from rollbook.cards.huggingface import read_readme  # noqa: PLC0415
    from rollbook.cards.problems import Unreadable  # noqa: PLC0415

    model, version = arguments.of_version(name)
    try:
        found = read_readme(text_of(file))
    except Unreadable as error:
        raise unreadable(file, error) from None
    for note in found.notes:
        output.console(stderr=True).print(f"[yellow]left out:[/] {output.plain(note)}")
    with target.registry() as registry:
        outcomes: list[Outcome] = [
            registry.evaluate(model, version, evaluation) for evaluation in found.evaluations
        ]
        outcomes.append(registry.write_card(model, version, found.card))
        tell(registry, model, *outcomes, as_json=target.json)
    return Exit.DONE


def review(
    name: NameAndVersion,
    /,
    *,
    until: Annotated[str, Parameter(help="When somebody must look again: a day, or 180d.")],
    note: Annotated[str, Parameter(name=("--note", "-n"), help="What was found; it stays.")],
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Confirm that a card still holds, and say until when.

    ```console
    rollbook card review churn@3 --until 180d --note "the figures still hold"
    rollbook card review churn@3 --until 2030-06-30 -n "read with the risk team"
    ```
    """
    model, version = arguments.of_version(name)
    moment = arguments.moment(until)
    with target.registry() as registry:
        outcome = registry.review_card(model, version, moment, note)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def check(
    place: Annotated[
        str,
        Parameter(allow_leading_hyphen=True, help="A file (- is standard input), or NAME@VERSION."),
    ],
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Say what a card lacks, before somebody else does. Exit code 1 when it lacks something.

    ```console
    rollbook card check card.yaml
    rollbook card check churn@3
    ```
    """
    from rollbook.cards.check import check as findings  # noqa: PLC0415

    found = findings(_anywhere(place, target))
    if target.json:
        output.document({"lacks": [finding._asdict() for finding in found]})
    elif found:
        output.table(
            ("section", "is", "what belongs there"), [(f.title, f.lack, f.hint) for f in found]
        )
    else:
        output.say("[green]Nothing is missing.[/]")
    return Exit.ERROR if found else Exit.DONE


def render(
    place: Annotated[
        str,
        Parameter(allow_leading_hyphen=True, help="A file (- is standard input), or NAME@VERSION."),
    ],
    /,
    *,
    html: Annotated[
        bool, Parameter(negative="", show_default=False, help="A page for a browser.")
    ] = False,
    yaml: Annotated[
        bool, Parameter(negative="", show_default=False, help="YAML to edit and write back.")
    ] = False,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Write a card to standard output, as Markdown that Hugging Face understands.

    ```console
    rollbook card render churn@3 > README.md
    rollbook card render churn@3 --html > card.html
    rollbook card render card.yaml --html
    ```
    """
    from rollbook.cards import template  # noqa: PLC0415
    from rollbook.cards.about import About  # noqa: PLC0415
    from rollbook.cards.markdown import markdown  # noqa: PLC0415
    from rollbook.cards.page import page  # noqa: PLC0415

    if html and yaml:
        raise bad("give either --html or --yaml")
    card = _anywhere(place, target)
    is_file = place == "-" or Path(place).exists()
    about = About(Path(place).stem, 1) if is_file else About(*arguments.of_version(place))
    text = template.dump(card) if yaml else (page if html else markdown)(card, about)
    if target.json:
        output.document({"text": text})
    else:
        output.raw(text)
    return Exit.DONE


def read(file: Path) -> "Card":
    """The card in the file; Failure names each line that breaks a rule."""
    from rollbook.cards import template  # noqa: PLC0415
    from rollbook.cards.problems import Unreadable  # noqa: PLC0415

    try:
        return template.load(text_of(file))
    except Unreadable as error:
        raise unreadable(file, error) from None


def current(registry: "Registry", model: str, version: int) -> "CardRevision | None":
    """The card as it is now; None where there is none."""
    from rollbook.client import Refused  # noqa: PLC0415

    try:
        return registry.card(model, version)
    except Refused as refusal:
        if refusal.code != "no_card":
            raise
        return None


def _anywhere(place: str, target: Target) -> "Card":
    if Path(place).exists() or place == "-":
        return read(Path(place))
    model, version = arguments.of_version(place)
    with target.registry() as registry:
        return card_of(registry.card(model, version))


def card_of(found: "CardRevision") -> "Card":
    """The card that the revision holds, without fields that are newer than this command."""
    from rollbook.domain.cards import Card  # noqa: PLC0415

    known: dict[str, Any] = {k: v for k, v in found.card.items() if k in Card.model_fields}
    return Card.model_validate(known)
