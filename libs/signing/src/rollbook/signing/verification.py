"""Verifying: whether a bundle was made by somebody who is trusted, over just these bytes."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from OpenSSL import crypto

from rollbook.artifacts.errors import BadListing
from rollbook.domain.sealing import CERTIFICATE, KEY, Seal, SealError
from rollbook.identity.certificates import UNREADABLE
from rollbook.signing.content import Content
from rollbook.signing.errors import BadSignature
from rollbook.signing.trust import Trust


class Found(NamedTuple):
    """What came of verifying some bundles."""

    signers: tuple[str, ...]
    """Whose signatures are right, as `SignatureAttached` names them; each once."""
    others: Mapping[int, str]
    """Place among the bundles -> why that one does not count, in a sentence."""


def valid(bundles: Iterable[str], path: Path, trust: Trust) -> Found:
    """Which signatures of a file or folder are right, and why the others are not.

    The bytes are read once. OSError when they cannot be; `BadListing` for a link that leads out.
    """
    bundles = tuple(bundles)
    return valid_for(bundles, Content.of_path(path), trust) if bundles else Found((), {})


def valid_for(bundles: Iterable[str], content: Content, trust: Trust) -> Found:
    """The same for bytes whose digests are known."""
    signers: dict[str, None] = {}
    others = {}
    for place, bundle in enumerate(bundles):
        try:
            signers[verify_content(bundle, content, trust)] = None
        except BadSignature as error:
            others[place] = str(error)
    return Found(tuple(signers), others)


def verify(bundle: str, path: Path, trust: Trust) -> str:
    """Who has signed just these bytes; `BadSignature` when nobody who is trusted has."""
    try:
        return verify_content(bundle, Content.of_path(path), trust)
    except (OSError, BadListing) as error:
        raise BadSignature(f"what it signs cannot be read: {error}") from error


def verify_content(bundle: str, content: Content, trust: Trust) -> str:
    """The same for bytes whose digests are known."""
    try:
        seal = Seal.read(bundle)
    except SealError as error:
        raise BadSignature(f"the bundle cannot be read: {error}") from None
    if not seal.covers(content.digest):
        raise BadSignature(_difference(seal, content))
    anchors = _anchors(seal, trust)
    try:
        _verify(bundle, content, seal, anchors)
    except InvalidSignature:
        raise BadSignature(f"{seal.signer} has not signed what the bundle says") from None
    except crypto.X509StoreContextError as error:
        raise BadSignature(f"no chain leads from who is trusted to its signer: {error}") from None
    except (*UNREADABLE, KeyError, AttributeError, crypto.Error) as error:
        raise BadSignature(f"the bundle is not right: {error}") from None
    return seal.signer


def _anchors(seal: Seal, trust: Trust) -> bytes:
    """What the signature must hold against, as PEM."""
    if seal.signer.startswith(KEY):
        found = trust.keys.get(seal.signer.removeprefix(KEY))
        if found is None:
            raise BadSignature(f"{seal.signer} is not a key that is trusted")
        return found
    if not seal.chain:
        raise BadSignature("it was made without a key of one's own, which needs sigstore's network")
    if not trust.authorities:  # with none, model signing would believe all of the Web's
        raise BadSignature("it is signed with a certificate, and no authority is trusted")
    return b"".join(trust.authorities)


def _verify(bundle: str, content: Content, seal: Seal, anchors: bytes) -> None:
    from model_signing import verifying  # noqa: PLC0415  # half a second

    from rollbook.signing.known import Known  # noqa: PLC0415

    with TemporaryDirectory(prefix="rollbook-verify-") as folder:
        trusted, written = Path(folder) / "trusted.pem", Path(folder) / "bundle.json"
        trusted.write_bytes(anchors)
        written.write_text(bundle)
        config = verifying.Config().set_hashing_config(Known(content))
        if seal.signer.startswith(CERTIFICATE):
            config.use_certificate_verifier(certificate_chain=[trusted])
        else:
            config.use_elliptic_key_verifier(public_key=trusted)
        config.verify(Path("model"), written)


def _difference(seal: Seal, content: Content) -> str:
    """What is not as it was signed, in a sentence."""
    signed, there = dict(seal.files), dict(content.files)
    if not signed.keys() & there.keys():
        return "it is a signature of something else"
    said = [
        ("changed", [path for path in signed if path in there and there[path] != signed[path]]),
        ("missing", [path for path in signed if path not in there]),
        ("not signed", [path for path in there if path not in signed]),
    ]
    parts = [f"{word}: {_some(paths)}" for word, paths in said if paths]
    return "these are not the bytes that were signed: " + "; ".join(parts)


def _some(paths: list[str]) -> str:
    shown = ", ".join(sorted(paths)[:3])
    return f"{shown} and {len(paths) - 3} more" if len(paths) > 3 else shown
