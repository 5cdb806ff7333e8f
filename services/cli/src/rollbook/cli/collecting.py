"""`rollbook collection`: named groups of a namespace's models."""

from typing import Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.ruling import NamespaceName
from rollbook.cli.serving import tell
from rollbook.cli.target import Target

CollectionName = Annotated[str, Parameter(help="Of the collection.")]


def list_(namespace: NamespaceName, /, *, target: Target = Target()) -> Exit:  # noqa: B008
    """List the collections of a namespace.

    ```console
    rollbook collection list team-a
    rollbook collection list team-a --json
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = list(registry.collections(space))
    if target.json:
        output.document({"collections": [output.shaped(collection) for collection in found]})
    elif not found:
        output.say("There are no collections.")
    else:
        output.table(
            ("collection", "models", "description"),
            [(c.collection, ", ".join(c.models), c.description) for c in found],
        )
    return Exit.DONE


def set_(
    namespace: NamespaceName,
    name: CollectionName,
    models: Annotated[
        list[str], Parameter(name="MODELS", negative="", help="Names in the namespace.")
    ],
    /,
    *,
    description: Annotated[str, Parameter(help="Markdown.")] = "",
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Say which models a collection consists of.

    ```console
    rollbook collection set team-a checkout fraud limits
    rollbook collection set team-a checkout fraud --description "All that runs at the till."
    ```
    """
    space = arguments.namespace(namespace)
    names = [model.removeprefix(f"{space}/") for model in models]
    with target.registry() as registry:
        outcome = registry.set_collection(space, name, names, description=description)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def remove(
    namespace: NamespaceName,
    name: CollectionName,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Remove a collection; its models stay.

    ```console
    rollbook collection remove team-a checkout
    rollbook collection remove team-a checkout --json
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        outcome = registry.remove_collection(space, name)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE
