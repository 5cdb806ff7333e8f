"""Asked before a model is loaded: are these its bytes, and has somebody trusted signed them."""

from pathlib import Path

from rollbook.artifacts.errors import BadListing
from rollbook.client import Registry
from rollbook.signing.content import Content
from rollbook.signing.errors import BadSignature
from rollbook.signing.trust import Trust
from rollbook.signing.verification import valid_for


class WrongBytes(Exception):
    """What lies there is not what was registered."""


def verified(
    path: Path,
    registry: Registry,
    model: str,
    version: int | str,
    trust: Trust,
    variant: str | None = None,
) -> tuple[str, ...]:
    """Who has signed the bytes at `path`, which are those of the version, or of its variant.

    Raises `WrongBytes`; `BadSignature` where nobody who is trusted has signed them; and what the
    registry raises. Load only what this was asked about, and from a place that nobody else writes.
    """
    found = registry.version(model, version)
    try:
        content = Content.of_path(path)
    except (OSError, BadListing) as error:
        raise WrongBytes(f"{path} cannot be read: {error}") from error
    name = f"version {found.version} of {model}"
    part = found.artifact
    if variant is not None:
        name = f"the variant {variant} of {name}"
        part = next((each for each in found.variants if each["name"] == variant), {})
        if not part:
            raise WrongBytes(f"there is no such thing as {name}")
    if content.digest != part["digest"]:
        raise WrongBytes(f"{path} is {content.digest}, and {name} is {part['digest']}")
    attached = registry.signatures(model, found.version)
    bundles = [signed.bundle for signed in attached if signed.variant == variant]
    made = valid_for(bundles, content, trust)
    if not made.signers:
        why = "; ".join(made.others.values()) or "nobody has signed it"
        raise BadSignature(f"{name}: {why}")
    return made.signers
