"""`rollbook policy init|lint`: writing a policy, before any registry is asked."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.ruling import File
from rollbook.cli.tailing import Json

if TYPE_CHECKING:
    from rollbook.cards.problems import Problem
    from rollbook.domain.policies import Policy


def init(
    file: Annotated[Path, Parameter(help="A new file.")] = Path("policy.yaml"),
    /,
    *,
    namespace: Annotated[str, Parameter(help="That its comments speak of.")] = "default",
    json: Json = False,
) -> Exit:
    """Write a first policy with comments, to be changed.

    ```console
    rollbook policy init
    rollbook policy init release.yaml --namespace team-a
    ```
    """
    from rollbook.cli.policystart import STARTER  # noqa: PLC0415

    try:
        with file.open("x") as new:
            new.write(STARTER.format(file=file, namespace=namespace))
    except FileExistsError:
        raise bad(f"{file} is there already", "name another") from None
    except OSError as error:
        raise bad(f"cannot write {file}: {error.strerror}") from error
    if json:
        output.document({"file": str(file)})
    else:
        output.say(f"{output.plain(file)} is written; next: rollbook policy lint {file}")
    return Exit.DONE


def lint(file: File, /, *, json: Json = False) -> Exit:
    """Read a policy without asking the registry, and say what is wrong, by line and column.

    ```console
    rollbook policy lint policy.yaml
    rollbook policy lint policy.yaml --json
    ```

    Exit codes: 0 it can be saved, 2 it cannot.
    """
    from rollbook.cards.problems import Unreadable  # noqa: PLC0415
    from rollbook.cli.policyfile import policy, read  # noqa: PLC0415
    from rollbook.cli.reading import text_of  # noqa: PLC0415

    if not json:
        _fine(file, policy(file))
        return Exit.DONE
    try:
        found = read(text_of(file))
    except Unreadable as error:
        output.document({"file": str(file), "problems": list(map(_problem, error.problems))})
        return Exit.USAGE
    output.document(
        {"file": str(file), "problems": [], "digest": found.digest(), "remarks": remarks(found)}
    )
    return Exit.DONE


def _problem(problem: "Problem") -> dict[str, object]:
    return {"line": problem.line, "field": problem.field, "rule": problem.rule}


def _fine(file: Path, policy: "Policy") -> None:
    gates = "1 gate" if len(policy.gates) == 1 else f"{len(policy.gates)} gates"
    tests = "1 test" if len(policy.tests) == 1 else f"{len(policy.tests)} tests"
    output.say(f"[green]{output.plain(file)} can be saved[/]: {gates}, {tests}")
    for remark in remarks(policy):
        output.say(f"[yellow]but[/] {output.plain(remark)}")


def remarks(policy: "Policy") -> list[str]:
    """What is allowed, and hardly meant."""
    found = [
        f"the gate {gate.gate!r} looks at no model: the policy is for risks"
        f" {', '.join(policy.risks)}, and the gate for {', '.join(gate.risks)}"
        for gate in policy.gates
        if gate.risks and policy.risks and not {*gate.risks} & {*policy.risks}
    ]
    for test in policy.tests:
        if not test.passes and not test.fails:
            found.append(f"the test {test.test!r} expects nothing")
        both = sorted({*test.passes} & {*test.fails})
        found += [f"the test {test.test!r} expects {gate!r} to pass and to fail" for gate in both]
    return found
