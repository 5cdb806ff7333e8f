"""What a condition may cost: bounds that its text shows, before anything is evaluated.

The library bounds nesting and the elements that one evaluation looks at (10,000). What is left
to bound is the work for each element, and values that grow from element to element.
"""

import re
from typing import Final

LONGEST: Final = 4000
"""Characters of an expression."""

NESTING: Final = 32
"""Brackets within each other; the library takes no more, but its word comes after ours."""

BODY: Final = 250
"""Characters of what is asked of each element of a list or map."""

PATTERNS: Final = 4
"""Regular expressions of an expression: each may take a tenth of a second."""

_LOOPS: Final = frozenset({"all", "exists", "exists_one", "filter"})
_CONSTANTS: Final = frozenset({"true", "false", "null"})
_TOKEN: Final = re.compile(
    r"""//[^\n]*|[rRbB]{0,2}(?:'{3}.*?'{3}|"{3}.*?"{3})"""
    r"""|[rR][bB]?(?:'[^'\n]*'|"[^"\n]*")"""
    r"""|[bB]?(?:'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?)"""  # one without an end is read once
    r"""|(?P<name>[A-Za-z_]\w*)|(?P<number>\d[\w.]*)|(?P<sign>[^\s\w])""",
    re.DOTALL,
)


class TooMuch(ValueError):
    """A condition whose cost nobody could foresee."""


def check(text: str) -> None:
    """Refuse what could run away."""
    if len(text) > LONGEST:
        raise TooMuch(f"has more than {LONGEST} characters: write it as several gates")
    open_: list[tuple[str, int]] = []  # each bracket that is open: what it is, and where it began
    before = last = ""
    patterns = 0
    for token in _TOKEN.finditer(text):
        word, name = token[0], token["name"]
        if word.startswith("//"):
            continue
        loops = sum(kind == "loop" for kind, _ in open_)
        if len(open_) > NESTING:
            raise TooMuch("is nested too deeply or too long: write it as several gates")
        match word:
            case "(":
                kind = "loop" if last in _LOOPS and before == "." else "other"
                open_.append((kind, token.end()))
                if last == "matches":
                    patterns += 1
                    _bounded(patterns, loops, token.start())
            case "[":
                indexed = last in (")", "]") or (last.isidentifier() and last != "in")
                open_.append(("index" if indexed else "list", token.end()))
            case "{":
                raise TooMuch(f"column {token.start() + 1}: maps cannot be written in a condition")
            case ")" | "]" if open_:
                kind, start = open_.pop()
                if kind == "loop" and token.start() - start > BODY:
                    raise TooMuch(
                        f"column {start}: what is asked of each element has more than {BODY}"
                        " characters"
                    )
            case _ if name and loops and open_[-1][0] == "list" and name not in _CONSTANTS:
                raise TooMuch(
                    f"column {token.start() + 1}: a list within all() or exists() may hold"
                    " constants only"
                )
            case _:
                pass
        before, last = last, "" if word[0] in "'\"" else word


def _bounded(patterns: int, loops: int, place: int) -> None:
    if loops:
        raise TooMuch(
            f"column {place}: matches() within all() or exists() may take for ever:"
            " write startsWith(), endsWith() or contains()"
        )
    if patterns > PATTERNS:
        raise TooMuch(f"has more than {PATTERNS} times matches(): write it as several gates")
