"""`rollbook validate`: what the gates say about a version."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from pydantic import BaseModel, ConfigDict, Field

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.serving import NameAndVersion, tell
from rollbook.cli.target import Target
from rollbook.cli.verdicts import gates
from rollbook.domain.lineage import Short
from rollbook.domain.validation import Gates

Policy = Annotated[str | None, Parameter(help="The policy whose gates these are.")]
Named = list[str] | None


class Found(BaseModel):
    """What the gates found, as a document."""

    model_config = ConfigDict(extra="forbid")

    gates: Annotated[Gates, Field(min_length=1)]
    policy: Short | None = None


def start(
    name: NameAndVersion,
    /,
    *,
    policy: Policy = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Say that the gates have begun to look at a version, for the first time or again.

    ```console
    rollbook validate start churn@3
    rollbook validate start churn@3 --policy release
    ```
    """
    model, version = arguments.of_version(name)
    with target.registry() as registry:
        outcome = registry.start_validation(model, version, policy=policy)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def record(
    name: NameAndVersion,
    file: Annotated[
        Path | None,
        Parameter(
            allow_leading_hyphen=True, help="YAML or JSON: `gates:`, a list; - is standard input."
        ),
    ] = None,
    /,
    *,
    passed: Annotated[Named, Parameter(negative="", help="Gate; may be repeated.")] = None,
    failed: Annotated[
        Named, Parameter(negative="", help="Gate, or gate=reason; may be repeated.")
    ] = None,
    skipped: Annotated[
        Named, Parameter(negative="", help="Gate, or gate=reason; may be repeated.")
    ] = None,
    policy: Policy = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Put on record what the gates found; one that failed rejects the version.

    ```console
    rollbook validate record churn@3 --passed auc --passed latency
    rollbook validate record churn@3 --passed auc --failed "fairness=12 points between groups"
    rollbook validate record churn@3 gates.yaml
    ```
    """
    from rollbook.cli.reading import document  # noqa: PLC0415

    model, version = arguments.of_version(name)
    results: list[Any] = [
        {"gate": gate, "outcome": outcome, **({"reason": reason} if reason else {})}
        for outcome, texts in (("passed", passed), ("failed", failed), ("skipped", skipped))
        for gate, _, reason in (text.partition("=") for text in texts or [])
    ]
    if (file is None) == (not results):
        raise bad("give either a FILE or gates", "rollbook validate record churn@3 --passed auc")
    if file is not None:
        found = document(file, Found)
        results, policy = list(found.gates), policy or found.policy
    with target.registry() as registry:
        outcome = registry.record_validation(model, version, results, policy=policy)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def show(
    name: NameAndVersion,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show what the gates said about a version, each time they looked; the last verdict holds.

    ```console
    rollbook validate show churn@3
    rollbook validate show churn@3 --json
    ```
    """
    model, version = arguments.of_version(name)
    with target.registry() as registry:
        found = registry.verdicts(model, version)
    if target.json:
        output.document({"verdicts": [output.shaped(verdict) for verdict in found]})
    elif not found:
        output.say("No gate has looked at it.")
    else:
        for verdict in reversed(found):
            output.say(gates(verdict))
    return Exit.DONE
