"""The `rollbook` command: which word leads to which function, and how each ends."""

import sys
from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError, Group

from rollbook.cli.exits import Exit, Failure

SYSTEM = Group("The system", sort_key=1)
WRITE = Group("Enter into the book", sort_key=2)
READ = Group("Read the book", sort_key=3)

HELP = """The book in which models are entered, rolled out and rolled back.

Every command is answered only when its outcome stands in the log. A NAME without a slash means
the namespace `default`. All verbs take `--json` and `--help`, which shows examples.
"""

EPILOGUE = """Exit codes: 0 done · 1 unexpected error · 2 bad usage · 3 refused by the registry · \
4 unavailable, or no answer in time. Start with: rollbook demo
"""

VERBS = (
    ("up", "rollbook.cli.up:up", SYSTEM),
    ("demo", "rollbook.cli.demo:demo", SYSTEM),
    ("replay", "rollbook.cli.replaying:replay", SYSTEM),
    ("register", "rollbook.cli.registering:register", WRITE),
    ("promote", "rollbook.cli.serving:promote", WRITE),
    ("rollback", "rollbook.cli.serving:rollback", WRITE),
    ("alias", "rollbook.cli.labelling:alias", WRITE),
    ("tag", "rollbook.cli.labelling:tag", WRITE),
    ("show", "rollbook.cli.showing:show", READ),
    ("history", "rollbook.cli.showing:history", READ),
    ("tail", "rollbook.cli.tailing:tail", READ),
    ("topics", "rollbook.cli.listing:topics", READ),
)


def app() -> App:
    """The command line; each verb's module is imported when it is needed."""
    made = App(
        name="rollbook",
        help=HELP,
        help_epilogue=EPILOGUE,
        help_format="markdown",
        version=lambda: version("rollbook-cli"),
        default_parameter=None,
    )
    for name, place, group in VERBS:
        made.command(place, name=name, group=group)
    return made


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say and return the exit code."""
    from rollbook.cli import output  # noqa: PLC0415

    made = app()
    if not arguments or arguments[0] in made.help_flags:
        for name, *_ in VERBS:
            made[name]  # imports it, as its first sentence stands in the overview
    try:
        result = made(
            arguments,
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
    except CycloptsError as error:
        output.console(stderr=True).print(error)
        verb = next((a for a in arguments if not a.startswith("-")), "")
        hint = f"rollbook {verb} --help" if verb in {v for v, *_ in VERBS} else "rollbook --help"
        output.console(stderr=True).print(f"  see: {hint}")
        return Exit.USAGE
    except Failure as failure:
        output.failed(failure, as_json="--json" in arguments)
        return failure.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # `rollbook tail | head`
        sys.stderr.close()
        return Exit.DONE
    return int(result) if isinstance(result, int) else Exit.DONE


def main() -> None:
    """Be the console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
