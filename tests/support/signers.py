"""People who sign: keys, and certificates of an authority of their own, as files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

NOW = datetime.now(UTC)


class Pair(NamedTuple):
    """A key's two halves, in PEM."""

    private: Path
    public: Path


class Certified(NamedTuple):
    """A key with its certificate, in PEM."""

    key: Path
    certificate: Path


def pair(folder: Path, name: str, curve: ec.EllipticCurve | None = None) -> Pair:
    key = ec.generate_private_key(curve or ec.SECP256R1())
    made = Pair(folder / f"{name}.key", folder / f"{name}.pub")
    made.private.write_bytes(_private(key))
    made.public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return made


class Authority:
    """Certifies people; its certificate is `certificate`."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _called(name)
        self.certificate = folder / f"{name}.crt"
        usage = _usage(certifies=True)
        basic = x509.BasicConstraints(ca=True, path_length=None)
        built = self._built(self._name, self._key.public_key(), usage, basic)
        self.certificate.write_bytes(built.public_bytes(Encoding.PEM))

    def certify(self, name: str, mail: str) -> Certified:
        key = ec.generate_private_key(ec.SECP256R1())
        usage = _usage(certifies=False)
        basic = x509.BasicConstraints(ca=False, path_length=None)
        built = self._built(_called(name), key.public_key(), usage, basic, mail)
        made = Certified(self._folder / f"{name}.key", self._folder / f"{name}.crt")
        made.key.write_bytes(_private(key))
        made.certificate.write_bytes(built.public_bytes(Encoding.PEM))
        return made

    def _built(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        usage: x509.KeyUsage,
        basic: x509.BasicConstraints,
        mail: str | None = None,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + timedelta(days=30))
            .add_extension(basic, critical=True)
            .add_extension(usage, critical=True)
        )
        if mail is not None:
            names = x509.SubjectAlternativeName([x509.RFC822Name(mail)])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _usage(*, certifies: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certifies,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
