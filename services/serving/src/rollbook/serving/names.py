"""How models are called in URLs, where a slash would end a name: `namespace.name`."""

from typing import Final

DEFAULT: Final = "default"
"""The namespace of a name without a dot."""


def key_of(name: str) -> str:
    """The model, `namespace/name`; no namespace has a dot, so that the first one parts them."""
    namespace, dot, rest = name.partition(".")
    return f"{namespace}/{rest}" if dot else f"{DEFAULT}/{name}"


def name_of(model: str) -> str:
    """What the protocol calls a model."""
    namespace, _, name = model.partition("/")
    return f"{namespace}.{name}"
