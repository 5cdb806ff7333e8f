"""`rollbook policy test|explain`: what a policy says, of versions made up and of real ones."""

import json as plain_json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.ruling import File, governed
from rollbook.cli.tailing import Json
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Record, Registry
    from rollbook.domain.model import ModelEvent
    from rollbook.domain.policies import Policy
    from rollbook.domain.validation import GateResult
    from rollbook.gates.facts import Facts

COLOURS = {"passed": "green", "failed": "red", "error": "red", "skipped": "dim"}


def try_(file: File, /, *, json: Json = False) -> Exit:
    """Run the tests that stand beside the gates, without asking the registry.

    ```console
    rollbook policy test policy.yaml
    rollbook policy test policy.yaml --json
    ```

    Exit codes: 0 all hold, 1 one does not, 2 the policy cannot be read.
    """
    from rollbook.cli.policyfile import policy  # noqa: PLC0415
    from rollbook.gates.trials import tested  # noqa: PLC0415

    trials = tested(policy(file))
    if json:
        output.document(
            {
                "tests": [
                    {
                        "test": trial.test,
                        "holds": trial.held,
                        "wrong": list(trial.wrong),
                        "gates": [result.model_dump(mode="json") for result in trial.results],
                    }
                    for trial in trials
                ]
            }
        )
    elif not trials:
        output.say("There are no tests beside the gates.")
    else:
        rows = [
            (
                trial.test,
                "[green]holds[/]" if trial.held else "[red]does not hold[/]",
                "\n".join(trial.wrong),
            )
            for trial in trials
        ]
        output.table(("test", "&", "why"), rows)
    return Exit.DONE if all(trial.held for trial in trials) else Exit.ERROR


def explain(
    policy: Annotated[
        str, Parameter(name="POLICY", help="A file, or NAMESPACE/NAME of one that is in force.")
    ],
    /,
    *,
    facts: Annotated[
        str | None,
        Parameter(help="MODEL@VERSION: what each gate would say about it, from what is recorded."),
    ] = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Say in plain words what each gate asks for; or what it would say about a version.

    ```console
    rollbook policy explain policy.yaml
    rollbook policy explain team-a/release
    rollbook policy explain policy.yaml --facts team-a/churn@3 --json
    ```

    With `--facts`, the JSON holds the facts as `given` of a policy's tests takes them. Nothing is
    measured: the numbers are those of earlier verdicts.
    """
    from rollbook.cards.plain import write  # noqa: PLC0415
    from rollbook.gates.facts import written  # noqa: PLC0415
    from rollbook.gates.judging import judge  # noqa: PLC0415

    found = _named(policy, target)
    if facts is None:
        _sentences(found, as_json=target.json)
        return Exit.DONE
    model, number = arguments.of_version(facts)
    with target.registry() as registry:
        known = _facts(registry, model, number)
    results = [judge(gate, known) for gate in found.gates]
    if target.json:
        said = [result.model_dump(mode="json") for result in results]
        output.document({"facts": written(known), "gates": said})
        return Exit.DONE
    output.say(f"[bold]{output.plain(facts)}[/], as it is on record:")
    output.table(("gate", "&", "why"), list(map(_row, results)))
    output.say("[dim]facts, for `given` of a test:[/]")
    output.raw(write({"given": written(known)}))
    return Exit.DONE


def _row(result: "GateResult") -> tuple[str, str, str]:
    return result.gate, f"[{COLOURS[result.outcome]}]{result.outcome}[/]", result.reason


def _named(text: str, target: Target) -> "Policy":
    """The policy in a file, or the one that is in force under that name."""
    from rollbook.cli.policyfile import policy  # noqa: PLC0415
    from rollbook.domain.policies import Policy  # noqa: PLC0415

    file = Path(text)
    namespace, _, name = text.partition("/")
    if text == "-" or file.suffix or file.exists() or not name or "/" in name:
        return policy(file)
    with target.registry() as registry:
        return Policy.model_validate(registry.policy(namespace, name).document)


def _sentences(policy: "Policy", *, as_json: bool) -> None:
    from rollbook.gates.telling import explained  # noqa: PLC0415

    said = [(gate.gate, gate.kind, explained(gate)) for gate in policy.gates]
    if as_json:
        gates = [dict(zip(("gate", "kind", "says"), one, strict=True)) for one in said]
        output.document({"models": list(policy.models), "gates": gates})
        return
    whom = f" of {' or '.join(policy.risks)} risk" if policy.risks else ""
    output.say(f"For the models {output.plain(', '.join(policy.models))}{whom}:")
    for _, _, sentence in said:
        output.say(f"- {output.plain(sentence)}")


def _facts(registry: "Registry", model: str, number: int) -> "Facts":
    """What is on record about a version: its model's whole stream, folded."""
    from rollbook.domain.rulebook import MetadataSchema, Rules  # noqa: PLC0415
    from rollbook.gates.past import Past  # noqa: PLC0415

    past = Past(model)
    for record in registry.history(model):
        if (event := _event(record)) is not None:
            past.take(event)
    if number not in past.state.versions:
        raise arguments.bad(f"{model} has no version {number}")
    space = governed(registry, past.namespace)
    schema = MetadataSchema.model_validate(space.metadata) if space.metadata else None
    risk: Any = space.rules.get("default_risk", Rules().default_risk)
    return past.facts(number, schema, risk)


def _event(record: "Record") -> "ModelEvent | None":
    from rollbook.eventlog.records import STREAM_EVENTS, decode_message  # noqa: PLC0415

    cls = STREAM_EVENTS.get(record.type)
    if cls is None:
        return None
    # The first version of it is the only one that did not say this.
    old = record.type == "VersionRegistered" and "registered_by" not in record.data
    value = plain_json.dumps(record.data).encode()
    schema = 1 if old else cls.schema_version
    return decode_message(record.type, value, schema, record.actor.encode())  # type: ignore[return-value]
