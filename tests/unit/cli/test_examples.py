"""Every example in a help text is something that can be typed."""

import re
import shlex
from collections.abc import Iterator
from inspect import getdoc

import pytest

from rollbook.cli.__main__ import app
from rollbook.cli.verbs import FAMILIES, VERBS


def examples() -> Iterator[tuple[str, str]]:
    made = app()
    for words, place, _ in VERBS:
        if place:
            found = made
            for word in words.split():
                found = found[word]
            text = getdoc(found.default_command) or ""
        else:
            text = FAMILIES[words]
        for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip():
                    yield words, line.strip()


def typed(line: str) -> list[str]:
    """The words after `rollbook`, without what the shell does before and after."""
    command = re.search(r"\brollbook (.*)", line)
    assert command is not None, line
    words = shlex.split(command[1], comments=True)
    for mark in ("|", ">", "<"):
        if mark in words:
            words = words[: words.index(mark)]
    return words


@pytest.mark.parametrize(("words", "line"), list(examples()))
def test_an_example_can_be_typed(words: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "TOKEN", "ACTOR", "DATA", "KAFKA", "POSTGRES", "APP", "SCHEMA"):
        monkeypatch.delenv(f"ROLLBOOK_{name}", raising=False)
    app().parse_args(typed(line), exit_on_error=False, print_error=False)
