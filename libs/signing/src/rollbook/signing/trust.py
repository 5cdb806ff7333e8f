"""Whose signatures count: public keys, and authorities whose certificates name people."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from rollbook.identity.certificates import UNREADABLE
from rollbook.signing.errors import BadTrust

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_PUBLIC_KEY = b"-----BEGIN PUBLIC KEY-----"


class Trust(NamedTuple):
    """What is trusted, as PEM."""

    keys: dict[str, bytes]
    """By what a bundle calls them: the hexadecimal SHA-256 of the key as PEM."""
    authorities: tuple[bytes, ...]
    """Certificates from which a chain leads to that of the signer."""

    @classmethod
    def read(cls, *places: Path) -> Self:
        """From files, and from all files `*.pem`, `*.pub`, `*.crt` and `*.cer` of folders.

        `BadTrust` for a file that is none of the two, so that none is believed to count that does
        not; in a folder, files that hold neither are passed over.
        """
        keys: dict[str, bytes] = {}
        authorities: list[bytes] = []
        for file, named in _files(places):
            try:
                text = file.read_bytes()
                if _CERTIFICATE in text:
                    found = x509.load_pem_x509_certificates(text)
                    authorities += [one.public_bytes(Encoding.PEM) for one in found]
                elif _PUBLIC_KEY in text:
                    pem = load_pem_public_key(text).public_bytes(
                        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
                    )
                    keys[sha256(pem).hexdigest()] = pem
                elif named:
                    raise BadTrust(f"{file} holds neither a public key nor a certificate, as PEM")
            except (OSError, *UNREADABLE) as error:
                raise BadTrust(f"{file} cannot be trusted: {error}") from error
        return cls(keys, tuple(dict.fromkeys(authorities)))

    @property
    def empty(self) -> bool:
        """Whether nobody is trusted."""
        return not self.keys and not self.authorities


_ENDINGS = frozenset((".pem", ".pub", ".crt", ".cer"))


def _files(places: Iterable[Path]) -> Iterable[tuple[Path, bool]]:
    """Files, and whether each was named itself."""
    for place in places:
        if place.is_dir():
            found = sorted(file for file in place.iterdir() if file.suffix in _ENDINGS)
            yield from ((file, False) for file in found if file.is_file())
        else:
            yield place, True
