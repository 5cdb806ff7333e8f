"""`rollbook alias` and `rollbook tag`: what may change about a version."""

from typing import Annotated

from cyclopts import Parameter

from rollbook.cli import arguments
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.serving import Name, tell
from rollbook.cli.target import Target


def alias(
    name: Name,
    alias_name: Annotated[str, Parameter(help="The alias, such as champion.")],
    version: Annotated[int | None, Parameter(help="The version that it shall point at.")] = None,
    /,
    *,
    remove: Annotated[
        bool, Parameter(negative="", show_default=False, help="Remove the alias.")
    ] = False,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Point a movable name at a version, or remove it.

    ```console
    rollbook alias churn champion 3
    rollbook alias churn champion --remove
    rollbook show churn --alias champion
    ```
    """
    if (version is None) != remove:
        raise bad("give either a VERSION or --remove", "rollbook alias churn champion 3")
    model = arguments.key(name)
    with target.registry() as registry:
        if version is None:
            outcome = registry.remove_alias(model, alias_name)
        else:
            outcome = registry.set_alias(model, alias_name, version)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def tag(
    name: Annotated[str, Parameter(help="Of the model, [NAMESPACE/]NAME, or NAME@VERSION.")],
    tags: Annotated[
        list[str] | None, Parameter(name="TAGS", negative="", help="key=value, any number.")
    ] = None,
    /,
    *,
    remove: Annotated[
        list[str] | None, Parameter(negative="", help="Key of a tag to remove; may be repeated.")
    ] = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Set and remove tags of a model or of a version; other tags stay.

    ```console
    rollbook tag churn owner=ann tier=1
    rollbook tag churn@3 reviewed=yes --remove draft
    ```
    """
    model, version = arguments.key_and_version(name)
    wanted = arguments.pairs(tags or [], "tag")
    if not wanted and not remove:
        raise bad("name at least one tag", "rollbook tag churn owner=ann, or --remove owner")
    outcomes = []
    with target.registry() as registry:
        if wanted and version is None:
            outcomes.append(registry.tag_model(model, wanted))
        elif wanted and version is not None:
            outcomes.append(registry.tag_version(model, version, wanted))
        if remove and version is None:
            outcomes.append(registry.untag_model(model, remove))
        elif remove and version is not None:
            outcomes.append(registry.untag_version(model, version, remove))
        tell(registry, model, *outcomes, as_json=target.json)
    return Exit.DONE
