"""Signatures that were attached to a version, over HTTP."""

from dataclasses import asdict, dataclass

from fastapi import APIRouter, Response

from rollbook.domain.sealing import Seal, SealError
from rollbook.identity.certificates import named
from rollbook.query.answers import page
from rollbook.query.handlers import model_key
from rollbook.query.openapi import API, problems
from rollbook.query.reading import AsOf, MinPosition, Name, Namespace, Page, Reading
from rollbook.query.versions import VERSION, VersionText, found, of_version
from rollbook.readmodel import signatures
from rollbook.readmodel.signatures import SignatureRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed(SignatureRow):
    """A signature, as it was attached. Who loads the version verifies it by keys of their own."""

    name: str | None
    """Whom the certificate names; as it says itself, which proves nothing."""


def router(reading: Reading) -> APIRouter:
    """The route."""
    made = APIRouter(prefix=API, tags=["versions"], responses=problems(404, 422, 503))

    @made.get(
        VERSION + "/signatures",
        response_model=Page[Signed],
        summary="The signatures that were attached to a version, in their order",
    )
    async def list_signatures(
        namespace: Namespace,
        name: Name,
        version: VersionText,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        key = model_key(namespace, name)
        look = of_version([version], "signatures")
        async with reading.shown(as_of, min_position, key, look=look) as db:
            rows = await signatures.of(db, key, (await found(db, key, version)).version)
        return page(Signed, [Signed(**asdict(row), name=_name(row.bundle)) for row in rows])

    return made


def _name(bundle: str) -> str | None:
    try:
        chain = Seal.read(bundle).chain
    except SealError:  # what was a bundle by the rules of then is none by those of now
        return None
    return named(chain[0]) if chain else None
