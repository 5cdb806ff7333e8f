"""`rollbook artifact push`, `pull` and `show`: bytes into the registry's store and out of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter, validators

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.sizes import size
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Registry

Parallel = Annotated[
    int, Parameter(validator=validators.Number(gte=1, lte=64), help="Parts on their way at once.")
]
What = Annotated[
    str,
    Parameter(help="sha256:… or [NAMESPACE/]NAME@VERSION; a version also by alias or label."),
]
Variant = Annotated[str | None, Parameter(help="Of the version: this one of its variants.")]


def push(
    path: Annotated[Path, Parameter(help="A file, or a folder with everything below it.")],
    /,
    *,
    namespace: Annotated[
        str, Parameter(name=("--namespace", "-n"), help="Whose it is from now on.")
    ] = "default",
    format_: Annotated[
        str | None, Parameter(name="--format", help="Such as joblib or onnx; the file's ending.")
    ] = None,
    parallel: Parallel = 4,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Put a file or a folder into the registry's store, under the digest of its bytes.

    ```console
    rollbook artifact push model.safetensors --namespace team-a
    rollbook artifact push ./llama-70b -n team-a      # broken off? the same again goes on
    ```

    What the store has already is not sent again. A version that names it must follow within a day,
    or a sweep removes it: `rollbook register NAME FILE --upload` does both.
    """
    from rollbook.cli.bars import bars  # noqa: PLC0415

    space = arguments.namespace(namespace)
    with target.registry() as registry, disk(path), bars() as progress:
        made = registry.upload(
            path, namespace=space, format=format_, parallel=parallel, progress=progress
        )
    if target.json:
        output.document(made.model_dump(mode="json", exclude_none=True))
    else:
        output.say(f"[bold]{made.uri}[/]  {size(made.size or 0)}")
    return Exit.DONE


def pull(
    what: What,
    to: Annotated[
        Path | None, Parameter(help="Path that it is to have; one made of its name if not.")
    ] = None,
    /,
    *,
    variant: Variant = None,
    parallel: Parallel = 4,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Fetch a file or a folder out of the registry's store; every byte is verified.

    ```console
    rollbook artifact pull team-a/churn@3
    rollbook artifact pull team-a/churn@champion model.onnx --variant quantised
    rollbook artifact pull sha256:9f86d08… ./llama-70b
    ```

    A file is in its place only when it is whole. Broken off? The same again goes on.

    Exit codes: 0 done, 1 what came is not what it should be, 2 something else is there already.
    """
    from rollbook.cli.bars import bars  # noqa: PLC0415

    with target.registry() as registry, disk(to), bars() as progress:
        digest, name = _named(registry, what, variant)
        found = registry.stored(digest)
        place = to or Path(name)
        if place.is_dir() and found.kind == "file":
            place /= name
        registry.download(digest, place, parallel=parallel, progress=progress)
    if target.json:
        output.document({"digest": digest, "path": str(place), "size": found.size})
    else:
        output.say(f"{output.plain(place)}  {size(found.size)}  [dim]{digest}[/]")
    return Exit.DONE


def show(
    what: What,
    /,
    *,
    variant: Variant = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show what the store has: size, tier, and the files of a folder.

    ```console
    rollbook artifact show team-a/churn@3
    rollbook artifact show sha256:9f86d08… --json      # with URLs to fetch it from, for a while
    ```
    """
    with target.registry() as registry, disk(None):
        digest, _ = _named(registry, what, variant)
        found = registry.stored(digest)
    if target.json:
        output.document(output.shaped(found))
        return Exit.DONE
    output.say(f"[bold]{digest}[/]  {found.kind}, {size(found.size)}, {found.tier}")
    if found.files:
        rows = [(f["path"], size(f["size"]), f["digest"]) for f in found.files]
        output.table(("file", "#size", "digest"), rows)
    return Exit.DONE


@contextmanager
def disk(path: Path | None) -> Iterator[None]:
    """What goes wrong with files here, as the failure that ends the command."""
    from rollbook.client import Corrupt  # noqa: PLC0415

    try:
        yield
    except FileExistsError as error:
        raise bad(str(error), "name another place, or remove it") from error
    except OSError as error:
        said = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        raise bad(f"cannot read or write {path or 'it'}: {said}") from error
    except Corrupt as error:
        raise Failure(Exit.ERROR, str(error), code="corrupt") from error
    except ValueError as error:
        raise bad(str(error)) from error


def _named(registry: "Registry", what: str, variant: str | None) -> tuple[str, str]:
    """The digest that is meant, and a name for a file with it."""
    digest = what.removeprefix("rollbook:")
    if digest.startswith("sha256:"):
        if variant is not None:
            raise bad("a digest has no variants", "name the version: NAME@VERSION")
        return digest, digest.removeprefix("sha256:")[:12]
    name, at, version = what.rpartition("@")
    if not (at and name and version):
        raise bad(f"{what!r} is neither a digest nor NAME@VERSION", "for example: churn@3")
    model = arguments.key(name)
    found = registry.version(model, int(version) if version.isdecimal() else version)
    artifact: Any = found.artifact
    if variant is not None:
        artifact = next((each for each in found.variants if each["name"] == variant), None)
        if artifact is None:
            there = ", ".join(str(each["name"]) for each in found.variants) or "none"
            raise bad(f"{model}@{found.version} has no variant {variant!r}", f"it has: {there}")
    _here(artifact, f"{model}@{found.version}")
    plain = f"{model.rpartition('/')[2]}-{found.version}" + (f"-{variant}" if variant else "")
    ending = artifact.get("format")
    return str(artifact["digest"]), f"{plain}.{ending}" if ending else plain


def _here(artifact: Any, whose: str) -> None:
    uri = str(artifact["uri"])
    if not uri.startswith("rollbook:"):
        raise Failure(
            Exit.REFUSED,
            f"the bytes of {whose} do not lie in the registry's store but at {uri}",
            advice="fetch them there, and compare the digest",
            code="elsewhere",
        )
