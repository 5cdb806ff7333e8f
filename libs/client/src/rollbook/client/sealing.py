"""Signatures of versions: what was attached, and attaching one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Unpack

from rollbook.client.result import Result
from rollbook.client.results import Outcome
from rollbook.client.session import AsOf, asked, model_path
from rollbook.client.wishes import Terms, Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed(Result):
    """A signature of a version's artifact. Whether it is right, `rollbook.signing` finds out."""

    model: str
    version: int
    signer: str
    """`sha256:…` of the public key, or `certificate:sha256:…` of the certificate."""
    name: str | None = None
    """Whom the certificate names; as it says itself, which proves nothing."""
    digest: str
    """Of the bundle."""
    bundle: str
    """As model signing writes it."""
    variant: str | None = None
    """Which of its variants was signed; None: its own artifact."""
    position: str
    attached_at: datetime
    attached_by: str


class Sealing(Wishes):
    """Attaching signatures and reading them."""

    def attach_signature(
        self,
        model: str,
        version: int,
        bundle: str,
        *,
        variant: str | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Attach what `rollbook.signing` or `model_signing` wrote about its bytes, or a variant's.

        `Refused` (`bad_signature`) where it is a signature of other bytes.
        """
        fields = {"version": version, "bundle": bundle, "variant": variant}
        return self._wish("AttachSignature", model, fields, terms)

    def signatures(self, model: str, version: int, *, as_of: AsOf = None) -> list[Signed]:
        """The signatures of a version, in the order in which they were attached."""
        path = f"{model_path(model)}/versions/{version}/signatures"
        return [Signed.of(row) for row in self.read(path, {"as_of": asked(as_of)})["items"]]
