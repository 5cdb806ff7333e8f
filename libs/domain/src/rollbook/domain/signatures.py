"""Signatures of artifacts: bundles by the OpenSSF's model signing, and who they say has signed."""

from hashlib import sha256
from typing import Annotated, Final, TypeAlias

from pydantic import Field

from rollbook.domain.lineage import AnyText, Fact, Short
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.sealing import Seal, SealError
from rollbook.domain.state import Model
from rollbook.domain.tags import Number

KEPT_SIGNATURES: Final = 20
"""How many signatures a version may have."""

Bundle: TypeAlias = Annotated[AnyText, Field(min_length=2, max_length=200_000)]
"""A signature as `model-signing` writes it."""


class Signed(Fact):
    """A signature, and who it says has signed."""

    signer: str
    """`sha256:…` of the public key as PEM, or `certificate:sha256:…` of the certificate."""
    digest: str
    """Of the bundle."""
    bundle: str

    @classmethod
    def read(cls, bundle: str, covers: str) -> "Signed":
        """What a bundle says, if that is about the bytes of this digest; `Refused` otherwise."""
        try:
            seal = Seal.read(bundle)
        except SealError as error:
            raise Refused("bad_signature", f"the bundle cannot be read: {error}") from None
        if not seal.covers(covers):
            raise Refused("bad_signature", f"it is a signature of other bytes than {covers}")
        digest = "sha256:" + sha256(bundle.encode()).hexdigest()
        return cls(signer=seal.signer, digest=digest, bundle=bundle)


# Events


class SignatureAttached(Event):
    """Somebody signed the version's artifact; whether rightly, the gates find out."""

    version: int
    signer: str
    """`sha256:…` of the public key as PEM, or `certificate:sha256:…` of the certificate."""
    digest: str
    """Of the bundle."""
    bundle: str
    variant: str | None = None
    """Which of its variants was signed; null: its own artifact."""


SignatureEvent: TypeAlias = SignatureAttached


def evolve(state: Model, event: SignatureEvent) -> Model:
    """The state after `event`."""
    known = state.versions[event.version].review.signatures
    return state.reviewed(event.version, signatures=(*known, event.digest))


# Commands


class AttachSignature(Command):
    """Attach a signature to a version: a bundle as `model-signing` writes it."""

    version: Number
    bundle: Bundle
    variant: Short | None = None
    """Which of its variants was signed; null: its own artifact."""


SignatureCommand: TypeAlias = AttachSignature


def decide(state: Model, command: SignatureCommand) -> SignatureEvent | Unchanged:
    """The event that `command` leads to."""
    number, variant = command.version, command.variant
    version = state.usable(number)
    covers = version.digest if variant is None else version.variants.get(variant)
    if covers is None:
        there = ", ".join(version.variants) or "none"
        raise Refused(
            "unknown_variant", f"version {number} has no variant {variant!r}: there is {there}"
        )
    signed = Signed.read(command.bundle, covers)
    if signed.digest in version.review.signatures:
        return Unchanged(version=number)
    if len(version.review.signatures) == KEPT_SIGNATURES:
        raise Refused("too_many", f"version {number} has {KEPT_SIGNATURES} signatures already")
    return SignatureAttached(
        version=number,
        signer=signed.signer,
        digest=signed.digest,
        bundle=signed.bundle,
        variant=variant,
    )
