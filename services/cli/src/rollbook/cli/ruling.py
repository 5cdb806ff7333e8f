"""`rollbook rules`: what holds in a namespace, as a document that can be reviewed before."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.comparison import shown
from rollbook.cli.differing import differences
from rollbook.cli.exits import Exit
from rollbook.cli.moments import AsOf, moment
from rollbook.cli.reading import document
from rollbook.cli.serving import Expected, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Namespace, Registry
    from rollbook.domain.rulebook import EnvironmentRule

RISKS: tuple[Literal["minimal", "limited", "high"], ...] = ("minimal", "limited", "high")
NamespaceName = Annotated[str, Parameter(name="NAMESPACE", help="Such as team-a, or default.")]
File = Annotated[
    Path, Parameter(allow_leading_hyphen=True, help="YAML or JSON; - is standard input.")
]


def show(
    namespace: NamespaceName,
    /,
    *,
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Show the rules as YAML, which `rules set` takes back.

    ```console
    rollbook rules show team-a
    rollbook rules show team-a > rules.yaml
    ```
    """
    from rollbook.cards.plain import write  # noqa: PLC0415

    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = governed(registry, space, moment(as_of))
    if target.json:
        output.document({"version": found.rules_version, "seq": found.seq, "rules": found.rules})
        return Exit.DONE
    said = f"version {found.rules_version}" if found.rules_version else "nobody has set any"
    output.raw(f"# rules of {found.namespace}: {said}")
    output.raw(write(_short(found.rules)) if _short(found.rules) else "{}")
    return Exit.DONE


def set_(
    namespace: NamespaceName,
    file: File,
    /,
    *,
    expected_seq: Expected = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Replace the rules of a namespace; they hold for every decision from then on.

    ```console
    rollbook rules diff team-a rules.yaml      # look first
    rollbook rules set team-a rules.yaml
    ```
    """
    from rollbook.domain.rulebook import Rules  # noqa: PLC0415

    space = arguments.namespace(namespace)
    rules = document(file, Rules)
    with target.registry() as registry:
        outcome = registry.set_rules(space, rules, expected_seq=expected_seq)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def diff(
    namespace: NamespaceName,
    file: File,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show what a file would change. Exit code 1 when it would change something.

    ```console
    rollbook rules diff team-a rules.yaml
    rollbook rules diff team-a rules.yaml --json
    ```
    """
    from rollbook.domain.rulebook import Rules  # noqa: PLC0415

    rules = document(file, Rules).model_dump(mode="json", exclude_defaults=True)
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = governed(registry, space)
    return changes(_short(found.rules), _short(rules), as_json=target.json)


def history(
    namespace: NamespaceName,
    /,
    *,
    last: Annotated[int, Parameter(help="How many records back.")] = 20,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show what was decided about a namespace: rules, schemas, grants, keys; the newest at the end.

    ```console
    rollbook rules history team-a
    rollbook rules history team-a --last 100 --json
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = list(registry.governance(space, limit=last))[::-1]
    if target.json:
        output.document({"namespace": space, "records": [output.shaped(r) for r in found]})
    else:
        output.records(found)
    return Exit.DONE


def check(
    file: File,
    /,
    *,
    json: Annotated[
        bool, Parameter(negative="", show_default=False, help="One JSON document.")
    ] = False,
) -> Exit:
    """Read a file without asking the registry, and say in sentences what it means.

    ```console
    rollbook rules check rules.yaml
    rollbook rules check rules.yaml --json
    ```
    """
    from rollbook.domain.rulebook import Rules  # noqa: PLC0415

    rules = document(file, Rules)
    if json:
        output.document(rules.model_dump(mode="json"))
        return Exit.DONE
    if not rules.environments:
        output.say("Any environment will do, without conditions.")
    for rule in rules.environments:
        said = "; ".join(_conditions(rule)) or "no conditions"
        output.say(f"[bold]{output.plain(rule.name)}[/]: {output.plain(said)}")
    if rules.protected_aliases:
        names = ", ".join(rules.protected_aliases)
        output.say(f"Only a releaser may move the aliases {output.plain(names)}.")
    if rules.naming:
        output.say(f"Names of new models match {output.plain(rules.naming)}.")
    return Exit.DONE


def _conditions(rule: "EnvironmentRule") -> Iterator[str]:
    if rule.after:
        yield f"only after {rule.after}"
    if rule.validated:
        yield "the gates must have passed it"
    if rule.metadata:
        yield "its record must be complete"
    if rule.card:
        yield f"its card must have {', '.join(rule.card)}"
    if rule.pii:
        yield f"at most {rule.pii} data in it"
    if rule.licences:
        yield f"only under {', '.join(rule.licences)}"
    for risk in RISKS:
        if quorum := rule.quorum(risk):
            signers = ", ".join(f"{count} x {title}" for title, count in quorum.items())
            yield f"{risk} risk: {signers} must sign"


def governed(
    registry: "Registry", namespace: str, as_of: datetime | str | None = None
) -> "Namespace":
    """What holds in a namespace, or held; the defaults, where nobody had decided anything yet."""
    from rollbook.client import Namespace, Refused  # noqa: PLC0415

    try:
        return registry.namespace(namespace, as_of=as_of)
    except Refused as refusal:
        if refusal.code != "unknown_namespace":
            raise
        return Namespace(namespace=namespace, rules={}, rules_version=0)


def changes(before: Any, after: Any, *, as_json: bool) -> Exit:
    """Write what differs between two documents."""
    found = list(differences(before, after))
    if as_json:
        output.document({"changes": [change._asdict() for change in found]})
    elif not found:
        output.say("Nothing would change.")
    else:
        output.table(
            ("what", "now", "then"), [(c.place, shown(c.before), shown(c.after)) for c in found]
        )
    return Exit.ERROR if found else Exit.DONE


def _short(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The rules without what is so by default."""
    from rollbook.domain.rulebook import Rules  # noqa: PLC0415

    known = {name: value for name, value in rules.items() if name in Rules.model_fields}
    return Rules.model_validate(known).model_dump(mode="json", exclude_defaults=True)
