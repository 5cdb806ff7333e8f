"""What a service calls a model: `models:/fraud@production`, `models:/team/fraud/3`."""

from typing import NamedTuple, Self

SCHEME = "models:/"
"""As MLflow writes it; it may be left out."""

DEFAULT = "default"
"""The namespace of a name that has none."""


class Reference(NamedTuple):
    """A version by its number, or by what stands at a name."""

    model: str
    """`namespace/name`."""
    version: int | None = None
    name: str | None = None
    """Of an alias or an environment; one of the two is None."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `text` refers to; ValueError where it refers to nothing."""
        path = text.removeprefix(SCHEME).lstrip("/")
        model, at, name = path.rpartition("@")
        if at and model and name and "/" not in name:
            return cls(_key(model, text), name=name)
        model, slash, number = path.rpartition("/")
        if slash and model and number.isascii() and number.isdecimal():
            return cls(_key(model, text), version=int(number))
        raise ValueError(
            f"{text!r} is no reference: models:/[NAMESPACE/]NAME@ALIAS-OR-ENVIRONMENT,"
            " or models:/[NAMESPACE/]NAME/VERSION"
        )

    def __str__(self) -> str:
        end = f"/{self.version}" if self.version is not None else f"@{self.name}"
        return f"{SCHEME}{self.model}{end}"


def _key(model: str, text: str) -> str:
    parts = model.split("/")
    if len(parts) > 2 or not all(parts):
        raise ValueError(f"{text!r}: a model is [NAMESPACE/]NAME")
    return model if len(parts) == 2 else f"{DEFAULT}/{model}"
