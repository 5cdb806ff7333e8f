"""What people type: names, versions, pairs; and what is wrong with it, in a sentence."""

from collections.abc import Iterable, Sequence

from rollbook.cli.exits import Exit, Failure


def bad(message: str, advice: str = "") -> Failure:
    """What was typed cannot be meant."""
    return Failure(Exit.USAGE, message, advice=advice, code="usage")


def key(name: str) -> str:
    """`namespace/name`; a name without a slash lives in the namespace `default`."""
    namespace, slash, rest = name.rpartition("/")
    if not rest or (slash and not namespace):
        raise bad(f"{name!r} is not a model's name", "for example: churn, or team-a/churn")
    return name if slash else f"default/{name}"


def key_and_version(text: str) -> tuple[str, int | None]:
    """`churn@3` as the model's key and a version number; without `@`, no version."""
    name, at, number = text.rpartition("@")
    if not at:
        return key(text), None
    if not number.isdecimal() or not name:
        raise bad(f"{text!r} is neither NAME nor NAME@VERSION", "for example: churn or churn@3")
    return key(name), int(number)


def pairs(texts: Iterable[str], what: str) -> dict[str, str]:
    """`k=v` texts as a mapping; a key given twice is a mistake."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise bad(f"{what} {text!r} is not of the form name=value")
        if name in found:
            raise bad(f"{what} {name!r} is given twice")
        found[name] = value
    return found


def numbers(texts: Iterable[str], what: str) -> dict[str, float]:
    """`k=0.93` texts as a mapping to numbers."""
    found: dict[str, float] = {}
    for name, value in pairs(texts, what).items():
        try:
            found[name] = float(value)
        except ValueError:
            raise bad(f"{what} {name}={value} is not a number") from None
    return found


def datasets(texts: Sequence[str]) -> list[dict[str, str]]:
    """`uri` or `uri=sha256:…` texts as data sets of a lineage."""
    found = []
    for text in texts:
        uri, mark, digest = text.rpartition("=sha256:")
        found.append({"uri": uri, "digest": f"sha256:{digest}"} if mark else {"uri": text})
    return found
