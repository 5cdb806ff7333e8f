"""The `rollbook` command: which word leads to which function, and how each ends."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from inspect import cleandoc

from cyclopts import App, CycloptsError

from rollbook.cli.exits import Exit, Failure, Told
from rollbook.cli.verbs import FAMILIES, VERBS

HELP = """The book in which models are entered, rolled out and rolled back.

Every command is answered only when its outcome stands in the log. A NAME without a slash means
the namespace `default`. All verbs take `--json` and `--help`, which shows examples.
"""

EPILOGUE = """Exit codes: 0 done · 1 unexpected error · 2 bad usage · 3 refused by the registry · \
4 unavailable, or no answer in time. Start with: rollbook demo
"""


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
    for words, place, group in VERBS:
        family, _, name = words.rpartition(" ")
        if not place:
            made.command(App(name=name, help=cleandoc(FAMILIES[name]), group=group))
        elif family:
            made[family].command(f"rollbook.cli.{place}", name=name)
        else:
            made.command(f"rollbook.cli.{place}", name=name, group=group)
    return made


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say and return the exit code."""
    from rollbook.cli import output  # noqa: PLC0415

    made = app()
    words = _words(arguments)
    if not words or words in FAMILIES:
        for name, *_ in VERBS:
            if name.rpartition(" ")[0] == words:
                _found(made, name)  # imports it, as its first sentence stands in the overview
    try:
        result = made(
            arguments,
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
    except CycloptsError as error:
        output.console(stderr=True).print(error)
        output.console(stderr=True).print(f"  see: rollbook {words} --help".replace("  -", " -"))
        return Exit.USAGE
    except Failure as failure:
        output.failed(failure, as_json="--json" in arguments)
        return failure.exit_code
    except Told as told:
        if "--json" in arguments:
            output.document(told.document)
        else:
            told.say()
        return told.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # `rollbook tail | head`
        sys.stderr.close()
        return Exit.DONE
    return int(result) if isinstance(result, int) else Exit.DONE


def _words(arguments: Sequence[str]) -> str:
    """The verb among what was typed, such as `card show`; empty where there is none."""
    known = {words for words, *_ in VERBS}
    two = " ".join(arguments[:2])
    return two if two in known else arguments[0] if arguments and arguments[0] in known else ""


def _found(made: App, words: str) -> App:
    for word in words.split():
        made = made[word]
    return made


def main() -> None:
    """Be the console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
