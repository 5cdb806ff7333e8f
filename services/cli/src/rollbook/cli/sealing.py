"""`rollbook sign` and `rollbook signatures`: who stands for a model's bytes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.sentences import clock
from rollbook.cli.serving import NameAndVersion, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Signed

Variant = Annotated[str | None, Parameter(help="Of the version: this one of its variants.")]
Bytes = Annotated[
    Path, Parameter(name="PATH", allow_leading_hyphen=True, help="A file, or a folder.")
]


def sign(
    path: Bytes,
    /,
    *,
    key: Annotated[Path, Parameter(name=("--key", "-k"), help="Private key, EC, as PEM.")],
    certificate: Annotated[Path | None, Parameter(help="Of the key, as PEM.")] = None,
    chain: Annotated[
        list[Path] | None,
        Parameter(negative="", help="Certificate of an authority on the way; may be repeated."),
    ] = None,
    attach: Annotated[
        str | None, Parameter(help="The version that has these bytes, [NAMESPACE/]NAME@VERSION.")
    ] = None,
    variant: Variant = None,
    out: Annotated[
        Path | None, Parameter(name=("--out", "-o"), help="Where to write the signature.")
    ] = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Sign a model's bytes, as the OpenSSF's model signing does, and attach that to a version.

    No network is asked but the registry, and that only to attach.

    ```console
    rollbook sign model.joblib --key release.key --attach churn@3
    rollbook sign model.int8.onnx --key release.key --attach churn@3 --variant int8
    rollbook sign model/ --key ada.key --certificate ada.crt --out model.sig
    ```
    """
    from rollbook.signing.errors import CannotSign  # noqa: PLC0415
    from rollbook.signing.making import Signer, sign  # noqa: PLC0415

    model, version = arguments.of_version(attach) if attach else ("", 0)
    if chain and certificate is None:
        raise bad("a --chain leads from a --certificate")
    try:
        bundle = sign(path, Signer(key, certificate, tuple(chain or ())))
    except CannotSign as error:
        advice = "make a key: openssl ecparam -name prime256v1 -genkey -noout -out my.key"
        raise bad(str(error), advice) from error
    if out is not None:
        try:
            out.write_text(bundle)
        except OSError as error:
            raise bad(f"cannot write {out}: {error.strerror}") from error
    if attach:
        with target.registry() as registry:
            outcome = registry.attach_signature(model, version, bundle, variant=variant)
            tell(registry, model, outcome, as_json=target.json)
    elif out is None:
        output.raw(bundle)
    elif target.json:
        output.document({"signature": str(out)})
    else:
        output.say(f"The signature stands in {output.plain(out)}.")
    return Exit.DONE


def list_(name: NameAndVersion, /, *, target: Target = Target()) -> Exit:  # noqa: B008
    """Show the signatures that were attached to a version; whether they are right, `verify` says.

    ```console
    rollbook signatures list churn@3
    ```
    """
    model, version = arguments.of_version(name)
    with target.registry() as registry:
        found = registry.signatures(model, version)
    if target.json:
        output.document({"signatures": [output.shaped(signed) for signed in found]})
    elif not found:
        output.say("Nobody has signed it.")
    else:
        output.table(
            ("signer", "names", "of", "attached", "by"),
            [
                (s.signer, s.name or "", s.variant or "", clock(s.attached_at), s.attached_by)
                for s in found
            ],
        )
    return Exit.DONE


def verify(
    name: NameAndVersion,
    path: Bytes,
    /,
    *,
    trusted: Annotated[
        list[Path],
        Parameter(
            name=("--trusted", "-t"),
            negative="",
            help="Public key or CA certificate as PEM, or a folder of them; may be repeated.",
        ),
    ],
    variant: Variant = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Say whether bytes are those of a version, and whether somebody trusted has signed them.

    Ends with 1 where they are not, or nobody has: ask it before a model is loaded.

    ```console
    rollbook signatures verify churn@3 model.joblib --trusted keys/
    rollbook signatures verify churn@3 model/ --trusted ca.crt --json
    ```
    """
    from rollbook.signing.errors import BadSignature, BadTrust  # noqa: PLC0415
    from rollbook.signing.loading import WrongBytes, verified  # noqa: PLC0415
    from rollbook.signing.trust import Trust  # noqa: PLC0415

    model, version = arguments.of_version(name)
    try:
        trust = Trust.read(*trusted)
    except BadTrust as error:
        raise bad(str(error)) from error
    with target.registry() as registry:
        try:
            signers = verified(path, registry, model, version, trust, variant)
        except WrongBytes as error:
            raise Failure(Exit.ERROR, str(error), code="wrong_bytes") from error
        except BadSignature as error:
            raise Failure(Exit.ERROR, str(error), code="bad_signature") from error
        names = _names(registry.signatures(model, version))
    if target.json:
        output.document({"model": model, "version": version, "signers": list(signers)})
    else:
        output.say(f"[green]These are the bytes of version {version}[/] of {output.plain(model)}.")
        for signer in signers:
            who = f" ({output.plain(names[signer])})" if names.get(signer) else ""
            output.say(f"  signed by {signer}{who}")
    return Exit.DONE


def _names(found: "list[Signed]") -> dict[str, str | None]:
    return {signed.signer: signed.name for signed in found}
