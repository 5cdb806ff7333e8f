"""`rollbook schema`: what records of versions must hold in a namespace."""

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.reading import document
from rollbook.cli.ruling import File, NamespaceName, governed
from rollbook.cli.serving import Expected, tell
from rollbook.cli.target import Target


def show(
    namespace: NamespaceName,
    /,
    *,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Show the metadata schema as YAML, which `schema set` takes back.

    ```console
    rollbook schema show team-a
    rollbook schema show team-a > schema.yaml
    ```
    """
    from rollbook.cards.plain import write  # noqa: PLC0415

    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = governed(registry, space)
    if target.json:
        output.document({"version": found.schema_version, "metadata": found.metadata})
    elif found.metadata is None:
        output.say(f"{output.plain(found.namespace)} asks for nothing.")
    else:
        said = {name: value for name, value in found.metadata.items() if value}
        output.raw(f"# metadata schema of {found.namespace}: version {found.schema_version}")
        output.raw(write(said))
    return Exit.DONE


def set_(
    namespace: NamespaceName,
    file: File,
    /,
    *,
    expected_seq: Expected = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Replace the metadata schema: JSON Schema of the properties, and what else is required.

    ```console
    rollbook schema set team-a schema.yaml
    rollbook completeness team-a               # who lacks what by now
    ```

    `renamed:` in it, old name: new name, adapts properties that were set before.
    """
    from rollbook.domain.rulebook import MetadataSchema  # noqa: PLC0415

    space = arguments.namespace(namespace)
    metadata = document(file, MetadataSchema)
    with target.registry() as registry:
        outcome = registry.set_metadata_schema(space, metadata, expected_seq=expected_seq)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE
