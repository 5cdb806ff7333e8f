"""What a bundle of the OpenSSF's model signing says: which bytes, and whose key. It proves nothing.

Sigstore's bundle v0.3 with a DSSE envelope around an in-toto statement. Whether the signature is
right only the validator and the loader find out, who have the bytes and the keys that they trust.
"""

import re
from base64 import b64decode
from binascii import Error as NoBase64
from hashlib import sha256
from typing import Any, Final, NamedTuple, Self

from pydantic_core import from_json

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://model_signing/signature/v1.0"
MEDIA: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"

KEY: Final = "sha256:"
"""What a signer begins with who is known by a public key."""
CERTIFICATE: Final = "certificate:sha256:"
"""What a signer begins with who is known by a certificate."""

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_PATH: Final = re.compile(r"[^\n\r\\\x00]+")
"""As a listing can hold it: else one name could stand for several lines."""


class SealError(ValueError):
    """No bundle, or not one of model signing."""


class Seal(NamedTuple):
    """A bundle, as far as it can be read without keys."""

    signer: str
    """`sha256:…` of the public key in PEM, or `certificate:sha256:…` of the signing certificate."""
    files: tuple[tuple[str, str], ...]
    """Path and hexadecimal SHA-256 of each file that was signed; "." is a file by itself."""
    chain: tuple[bytes, ...] = ()
    """Certificates in DER, the signer's first; none where a key signed, or a certificate of
    sigstore's, which lives for minutes and needs sigstore's log."""

    @classmethod
    def read(cls, bundle: str) -> Self:
        """What the bundle says; `SealError` where it is none."""
        try:
            document = from_json(bundle, allow_inf_nan=False)
            if document["mediaType"] != MEDIA:
                raise SealError(f"it is a {document['mediaType']}, not a {MEDIA}")
            statement = from_json(b64decode(document["dsseEnvelope"]["payload"], validate=True))
            if (statement["_type"], statement["predicateType"]) != (STATEMENT, PREDICATE):
                raise SealError(f"it is a {statement['predicateType']}, not a {PREDICATE}")
            signer, chain = _signer(document["verificationMaterial"])
            return cls(signer, _files(statement), chain)
        except SealError:
            raise
        except (KeyError, TypeError, IndexError, AttributeError, NoBase64) as error:
            raise SealError(f"{type(error).__name__} {error}") from None
        except ValueError as error:
            raise SealError(str(error)) from None

    def covers(self, digest: str) -> bool:
        """Whether the bytes of this digest were signed: a file, or a folder of files."""
        if self.files[0][0] == ".":
            return digest == f"sha256:{self.files[0][1]}"
        listing = "".join(f"{hash_}  {name}\n" for name, hash_ in sorted(self.files, key=_bytes))
        return digest == "sha256:" + sha256(listing.encode()).hexdigest()


def _files(statement: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    method = statement["predicate"]["serialization"]["method"]
    if method != "files":
        raise SealError(f"it signs {method}: sign whole files")
    files = tuple(map(_file, statement["predicate"]["resources"]))
    names = {name for name, _ in files}
    if not files or len(names) < len(files) or ("." in names and len(files) > 1):
        raise SealError("it does not say of each file once what was signed")
    root = sha256(b"".join(bytes.fromhex(hash_) for _, hash_ in files)).hexdigest()
    if [subject["digest"]["sha256"] for subject in statement["subject"]] != [root]:
        raise SealError("its digest is not that of its files")
    return files


def _file(resource: dict[str, Any]) -> tuple[str, str]:
    name, hash_ = resource["name"], resource["digest"]
    if resource["algorithm"] != "sha256":
        raise SealError(f"digests by {resource['algorithm']}: sign with sha256")
    if not _HEX.fullmatch(hash_):
        raise SealError(f"{hash_!r} is no SHA-256")
    if not _PATH.fullmatch(name):
        raise SealError(f"{name!r} is a name that no listing can hold")
    return name, hash_


def _signer(material: dict[str, Any]) -> tuple[str, tuple[bytes, ...]]:
    if "publicKey" in material:
        hint = material["publicKey"]["hint"]
        if not _HEX.fullmatch(hint):
            raise SealError(f"it does not say by which key: {hint!r}")
        return KEY + hint, ()
    if "certificate" in material:
        one = b64decode(material["certificate"]["rawBytes"], validate=True)
        return CERTIFICATE + sha256(one).hexdigest(), ()
    given = material["x509CertificateChain"]["certificates"]
    chain = tuple(b64decode(one["rawBytes"], validate=True) for one in given)
    return CERTIFICATE + sha256(chain[0]).hexdigest(), chain


def _bytes(file: tuple[str, str]) -> bytes:
    return file[0].encode()
