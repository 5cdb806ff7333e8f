"""`rollbook own`, `classify`, `retire` and `restore`: a model as a whole."""

from typing import Annotated, Literal

from cyclopts import Parameter

from rollbook.cli import arguments
from rollbook.cli.exits import Exit
from rollbook.cli.serving import Name, Reason, tell
from rollbook.cli.target import Target

NameOrVersion = Annotated[str, Parameter(help="Of the model, or NAME@VERSION.")]


def own(
    name: Name,
    owner: Annotated[str, Parameter(help="A person, or group:NAME.")],
    /,
    *,
    team: Annotated[str | None, Parameter(help="Theirs.")] = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Say who answers for a model.

    ```console
    rollbook own churn ada@example.org --team retention
    rollbook own churn group:retention
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.assign_owner(model, owner, team)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def classify(
    name: Name,
    risk: Annotated[
        Literal["minimal", "limited", "high"],
        Parameter(help="What a wrong prediction may cost, in the words of the EU AI Act."),
    ],
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Say what risk a model is of: the rules may ask for more signatures.

    ```console
    rollbook classify churn limited --reason "it only orders a list"
    rollbook classify loans high -r "it decides about credit"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.classify(model, risk, reason)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def retire(
    name: NameOrVersion,
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Take a model, or one of its versions, out of use; refused while it serves.

    ```console
    rollbook retire churn --reason "another model does its work"
    rollbook retire churn@3 --reason "trained on data that was withdrawn"
    ```
    """
    model, version = arguments.key_and_version(name)
    with target.registry() as registry:
        if version is None:
            outcome = registry.retire(model, reason)
        else:
            outcome = registry.archive(model, version, reason)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def restore(
    name: NameOrVersion,
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Take a retired model, or an archived version, into use again.

    ```console
    rollbook restore churn --reason "the other model is not ready"
    rollbook restore churn@3 -r "the data may be used after all"
    ```
    """
    model, version = arguments.key_and_version(name)
    with target.registry() as registry:
        outcome = registry.restore(model, reason, version=version)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE
