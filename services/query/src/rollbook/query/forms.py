"""In which form somebody wants to have something."""

from collections.abc import Mapping
from typing import TypeVar

from rollbook.query.problems import Problem

Form = TypeVar("Form", bound=str)


def acceptable(accept: str, media: Mapping[Form, str], what: str) -> Form:
    """The form that an Accept header likes best; of several the first one in `media`."""
    parts = accept.split(",") if accept.strip() else ["*/*"]
    likings = {form: max(_liking(part, name) for part in parts)[1] for form, name in media.items()}
    best = max(media, key=lambda form: likings[form])
    if likings[best] <= 0:
        raise Problem(406, "not_acceptable", f"{what} can be {', '.join(media.values())}")
    return best


def _liking(part: str, media: str) -> tuple[int, float]:
    """How exactly a part of an Accept header names a media type, and how much it likes it."""
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    patterns = ("*/*", media.partition("/")[0] + "/*", media)
    if name not in patterns:
        return 0, 0.0
    quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
    try:
        return patterns.index(name) + 1, float(quality)
    except ValueError:
        return 0, 0.0
