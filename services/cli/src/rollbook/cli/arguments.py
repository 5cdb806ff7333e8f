"""What people type: names, versions, pairs; and what is wrong with it, in a sentence."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

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


def of_version(text: str) -> tuple[str, int]:
    """`churn@3` as the model's key and a version number, which must be there."""
    model, number = key_and_version(text)
    if number is None:
        raise bad(f"{text!r} does not say which version", f"for example: {text}@3")
    return model, number


def namespace(text: str) -> str:
    """The name of a namespace."""
    if not text or "/" in text:
        raise bad(f"{text!r} is not a namespace", "for example: team-a")
    return text


def moment(text: str) -> datetime:
    """A time as people write it, in their own zone where none is said; or `90d` from now."""
    if text[:-1].isdecimal() and text[-1] in "dhw":
        count = int(text[:-1])
        hours = {"h": 1, "d": 24, "w": 168}[text[-1]]
        return datetime.now().astimezone() + timedelta(hours=count * hours)
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise bad(
            f"{text!r} is no time", "for example: 2030-01-31, 2030-01-31T09:00:00+01:00, or 90d"
        ) from None


def values(texts: Iterable[str], what: str) -> dict[str, Any]:
    """`k=v` texts as typed values: numbers, true, false and null as JSON has them, else text."""
    return {name: _value(text) for name, text in pairs(texts, what).items()}


def _value(text: str) -> Any:
    try:
        found = json.loads(text, parse_constant=str)
    except ValueError:
        return text
    return text if isinstance(found, dict | list) else found


def counts(texts: Iterable[str], what: str) -> dict[str, int]:
    """`title` or `title=2` texts as how many of each."""
    found: dict[str, int] = {}
    for text in texts:
        name, _, number = text.partition("=")
        if not name or (number and not number.isdecimal()):
            raise bad(f"{what} {text!r} is neither TITLE nor TITLE=COUNT")
        found[name] = int(number or 1)
    return found


def measures(texts: Iterable[str], confidence: float | None) -> dict[str, dict[str, float]]:
    """`auc=0.93` or `auc=0.93:0.91..0.95` texts as measures with their intervals."""
    found: dict[str, dict[str, float]] = {}
    for name, text in pairs(texts, "metric").items():
        value, colon, interval = text.partition(":")
        low, _, high = interval.partition("..")
        try:
            found[name] = {"value": float(value)}
            if colon:
                found[name] |= {"low": float(low), "high": float(high)}
                if confidence is not None:
                    found[name]["confidence"] = confidence
        except ValueError:
            raise bad(
                f"metric {name}={text} is not a number",
                "for example: auc=0.93, or with its interval auc=0.93:0.91..0.95",
            ) from None
    return found


def features(texts: Iterable[str]) -> list[dict[str, str]]:
    """`name` or `name=uri` texts as features of a lineage."""
    found = []
    for text in texts:
        name, equals, uri = text.partition("=")
        found.append({"name": name, "uri": uri} if equals else {"name": name})
    return found


def parents(texts: Iterable[str]) -> list[dict[str, Any]]:
    """`NAME@VERSION` or `NAME@VERSION=distilled` texts as parents of a lineage."""
    found = []
    for text in texts:
        name, _, relation = text.partition("=")
        model, number = of_version(name)
        said = {"relation": relation} if relation else {}
        found.append({"model": model, "version": number, **said})
    return found


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


def datasets(texts: Sequence[str], role: str) -> list[dict[str, str]]:
    """`uri` or `uri=sha256:…` texts as data sets of a lineage."""
    found = []
    for text in texts:
        uri, mark, digest = text.rpartition("=sha256:")
        place = {"uri": uri, "digest": f"sha256:{digest}"} if mark else {"uri": text}
        found.append({**place, "role": role})
    return found
