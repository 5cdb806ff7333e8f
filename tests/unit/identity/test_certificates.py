"""Whom a certificate names, whatever it is made of."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from rollbook.identity.certificates import named
from tests.support.signers import Authority


def der(file: Path) -> bytes:
    return x509.load_pem_x509_certificate(file.read_bytes()).public_bytes(Encoding.DER)


def test_a_certificate_names_by_mail_before_it_names_by_subject(tmp_path: Path) -> None:
    ours = Authority(tmp_path, "ours")
    assert named(der(ours.certify("dora", "dora@example.org").certificate)) == "dora@example.org"
    assert named(der(ours.certificate)) == "CN=ours"


@given(st.binary(max_size=200))
def test_what_is_no_certificate_names_nobody(content: bytes) -> None:
    assert named(content) is None


@given(st.data())
def test_a_broken_certificate_is_read_or_names_nobody(data: st.DataObject) -> None:
    content = bytearray(CERTIFICATE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    found = named(bytes(content))
    assert found is None or len(found) <= 250


def _made() -> bytes:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        made = Authority(Path(folder), "ours").certify("dora", "dora@example.org")
        return der(made.certificate)


CERTIFICATE = _made()
