"""Signing: a bundle over the bytes of a file or folder, by a key and maybe its certificate."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from rollbook.artifacts.errors import BadListing
from rollbook.identity.certificates import UNREADABLE
from rollbook.signing.content import Content
from rollbook.signing.errors import CannotSign


class Signer(NamedTuple):
    """Who signs: files in PEM, the key on one of the curves P-256, P-384 and P-521."""

    key: Path
    certificate: Path | None = None
    """Of the key."""
    chain: tuple[Path, ...] = ()
    """From the certificate to a root, which may be left out."""


def sign(path: Path, signer: Signer) -> str:
    """The bundle, as text; `CannotSign` when the key will not do or there is nothing to sign."""
    try:
        return sign_content(Content.of_path(path), signer)
    except (OSError, BadListing) as error:
        raise CannotSign(str(error)) from error


def sign_content(content: Content, signer: Signer) -> str:
    """The same for bytes whose digests are known."""
    from model_signing import signing  # noqa: PLC0415  # half a second

    from rollbook.signing.known import Known  # noqa: PLC0415

    if not content.files:
        raise CannotSign("there is no file in it")
    config = signing.Config()
    try:
        if signer.certificate is None:
            config.use_elliptic_key_signer(private_key=signer.key)
        else:
            config.use_certificate_signer(
                private_key=signer.key,
                signing_certificate=signer.certificate,
                certificate_chain=signer.chain or (signer.certificate,),
            )
        config.set_hashing_config(Known(content))
        with TemporaryDirectory(prefix="rollbook-sign-") as folder:
            written = Path(folder) / "bundle.json"
            config.sign(Path("model"), written)
            return written.read_text()
    except (OSError, AttributeError, *UNREADABLE) as error:
        # TypeError: a key under a password; AttributeError: a key on no curve
        raise CannotSign(f"{signer.key} cannot sign: {error}") from error
