"""Which models somebody may see, as a condition: exactly those that `scope.holds` lets through."""

import re
from fnmatch import translate
from typing import Final

from rollbook.readmodel.scope import Scope

NOTHING: Final = "(?:$.)"
"""What no text matches."""


def regex(scope: Scope) -> str:
    """The regular expression, for Postgres, of the keys within a scope."""
    patterns = [
        f"{'[^/]*' if namespace == '*' else _escaped(namespace)}/{_of(pattern)}"
        for namespace, several in scope.items()
        for pattern in several
    ]
    return f"^(?:{'|'.join(patterns)})$" if patterns else "^$"


def _of(pattern: str) -> str:
    """As `fnmatch` reads it."""
    found, rest = [], pattern
    while rest:
        head, rest = rest[0], rest[1:]
        if head == "*":
            found.append(".*")
        elif head == "?":
            found.append(".")
        elif head == "[" and (end := rest.find("]", 2 if rest[:1] == "!" else 1)) >= 0:
            inside, rest = rest[:end], rest[end + 1 :]
            found.append(_set(f"[{inside}]"))
        else:
            found.append(_escaped(head))
    return "".join(found)


def _set(pattern: str) -> str:
    """As Python translates it, which knows what `[b-a]` means; Postgres reads it alike."""
    found = translate(pattern)[len("(?s:") : -len(r")\Z")]
    if found == "(?!)":
        return NOTHING
    return found[0] + re.sub(r"\\.|\[", _unnamed, found[1:], flags=re.DOTALL)


def _unnamed(part: re.Match[str]) -> str:
    return r"\[" if part[0] == "[" else part[0]  # to Postgres, [. and [: begin names


def _escaped(text: str) -> str:
    return re.sub(r"([^\w])", r"\\\1", text, flags=re.ASCII)
