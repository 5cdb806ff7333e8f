"""The names that users choose, and the rules they follow."""

import re
import unicodedata
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62})")
NO_NUL = r"^[^\x00]*$"
"""Any text but NUL, which no Postgres text and no jsonb can hold."""

RESERVED_ALIASES = re.compile(r"latest|v\d+", re.IGNORECASE)


def _readable(value: str) -> str:
    if value.isascii() and value.isprintable():  # most are, and this is the cheap way to know
        return value
    value = unicodedata.normalize("NFC", value)
    if any(unicodedata.category(c)[0] == "C" for c in value):
        raise ValueError("must not contain control characters")
    return value


def _model_name(value: str) -> str:
    value = _readable(value)
    if value != value.strip():
        raise ValueError("must not begin or end with white space")
    if value in (".", ".."):
        raise ValueError("must not be '.' or '..', which a URL cannot hold")
    if "/" in value or ":" in value:
        raise ValueError("must not contain '/' or ':'")
    return value


def _model_key(value: str) -> str:
    namespace, slash, name = value.partition("/")
    if not slash:
        raise ValueError("must be 'namespace/name'")
    if not NAMESPACE.fullmatch(namespace):
        raise ValueError(
            "namespace must be 1 to 63 lower-case letters, digits and '-', not beginning with '-'"
        )
    if not 1 <= len(name) <= 256:
        raise ValueError("name must have 1 to 256 characters")
    return f"{namespace}/{_model_name(name)}"


def _stream_key(value: str) -> str:
    if "/" in value:
        return _model_key(value)
    if not NAMESPACE.fullmatch(value):
        raise ValueError("must be 'namespace/name' or a namespace")
    return value


def _alias(value: str) -> str:
    if RESERVED_ALIASES.fullmatch(value):
        raise ValueError("'latest' and names like 'v1' are reserved")
    return value


ModelKey = Annotated[str, AfterValidator(_model_key)]
"""`namespace/name`: the stream's key in every topic."""

StreamKey = Annotated[str, AfterValidator(_stream_key)]
"""The key of any stream: a model's `namespace/name`, or a namespace by itself."""

NamespaceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
ModelName = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_model_name)]
AliasName = Annotated[
    str, StringConstraints(pattern=r"^[\w-]+$", max_length=255), AfterValidator(_alias)
]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
TagKey = Annotated[str, Field(min_length=1, max_length=250), AfterValidator(_readable)]
TagValue = Annotated[str, StringConstraints(pattern=NO_NUL, max_length=5000)]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
"""`sha256:` and 64 lower-case hexadecimal digits."""

Uri = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00]+$", max_length=4096)
]
Text = Annotated[str, StringConstraints(pattern=NO_NUL, max_length=100_000)]
Label = Annotated[str, StringConstraints(pattern=NO_NUL, max_length=250)]
Reason = Annotated[str, StringConstraints(pattern=NO_NUL, min_length=1, max_length=5000)]
Title = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""In whose name an approver signs, such as `ml-ops` or `product`."""

Glob = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f/]{1,256}$")]
"""A pattern of names: `*` stands for any characters, `?` for one."""

Subject = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,250}$")]
"""A person, `group:NAME` for a group of people, or `account:NAMESPACE/NAME` for a machine."""

AccountName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
PersonalRef = Annotated[
    str, StringConstraints(pattern=r"^personal:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
]
"""Where personal data stands outside of the log, so that it can be erased."""


def matches(name: str, glob: str) -> bool:
    """Whether a name as a whole fits a `Glob`, in which `[` stands for itself."""
    return glob == "*" or fnmatchcase(name, glob.replace("[", "[[]"))
