"""Whom a certificate names. That is what it says itself: only a chain of trust proves it."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

LONGEST = 250
"""Characters of a name."""

UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What reading a certificate raises when it is none, or one that nobody should have made."""


def named(der: bytes) -> str | None:
    """Its mail addresses, URIs and host names, or its subject; None where it cannot be read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        names = _alternatives(certificate) or certificate.subject.rfc4514_string()
    except UNREADABLE:
        return None
    return names[:LONGEST] or None


def _alternatives(certificate: x509.Certificate) -> str:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    kinds = (x509.RFC822Name, x509.UniformResourceIdentifier, x509.DNSName)
    return ", ".join(name for kind in kinds for name in found.get_values_for_type(kind))
