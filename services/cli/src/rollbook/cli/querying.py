"""`rollbook query` and `rollbook synonyms`: what a namespace's people search for, and how."""

from typing import Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.carets import pointed
from rollbook.cli.exits import Exit
from rollbook.cli.moments import AsOf, moment
from rollbook.cli.ruling import NamespaceName
from rollbook.cli.serving import tell
from rollbook.cli.target import Target

QueryName = Annotated[str, Parameter(help="Of the saved query.")]


def list_(
    namespace: NamespaceName,
    /,
    *,
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """List the saved queries of a namespace, and say which can no longer be asked.

    ```console
    rollbook query list team-a
    rollbook query list team-a --json
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = list(registry.queries(space, as_of=moment(as_of)))
    if target.json:
        output.document({"queries": [output.shaped(query) for query in found]})
    elif not found:
        output.say("There are no saved queries.")
    else:
        output.table(
            ("query", "asks for", "order", "description"),
            [(q.query, _asked(q.text, q.problem), q.order, q.description) for q in found],
        )
    return Exit.DONE


def _asked(text: str, problem: object) -> str:
    match problem:
        case {"column": column, "message": message}:
            return f"{text}\nno longer understood: column {column}: {message}"
        case _:
            return text


def save(
    namespace: NamespaceName,
    name: QueryName,
    query: Annotated[str, Parameter(help="As `rollbook search` takes it.")],
    /,
    *,
    order: Annotated[
        str,
        Parameter(allow_leading_hyphen=True, help="A field; with - before it, the greatest first."),
    ] = "",
    description: Annotated[str, Parameter(help="Markdown.")] = "",
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Give a query a name, for everybody who may see the namespace.

    ```console
    rollbook query save team-a trusted 'metrics.auc >= 0.9 and stage = validated'
    rollbook query save team-a trusted 'stage = validated' --order -created
    rollbook search --saved team-a/trusted
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry, pointed(query):
        outcome = registry.save_query(space, name, query, order=order, description=description)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def drop(
    namespace: NamespaceName,
    name: QueryName,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Forget a saved query.

    ```console
    rollbook query drop team-a trusted
    rollbook query drop team-a trusted --json
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        outcome = registry.drop_query(space, name)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def synonyms_list(
    namespace: NamespaceName,
    /,
    *,
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """List the words of a namespace that others mean the same as.

    ```console
    rollbook synonyms list team-a
    rollbook synonyms list rollbook --json      # those that hold everywhere
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = list(registry.synonyms(space, as_of=moment(as_of)))
    if target.json:
        output.document({"synonyms": [output.shaped(words) for words in found]})
    elif not found:
        output.say("There are no synonyms.")
    else:
        output.table(("word", "means the same as"), [(w.word, ", ".join(w.same)) for w in found])
    return Exit.DONE


def synonyms_set(
    namespace: NamespaceName,
    word: Annotated[str, Parameter(help="For which the others are found, too.")],
    same: Annotated[
        list[str] | None, Parameter(name="SAME", negative="", help="None: it stands for itself.")
    ] = None,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Say which words mean the same: who searches for one of them finds all.

    ```console
    rollbook synonyms set team-a churn attrition lapse
    rollbook synonyms set rollbook fraud scam           # in every namespace
    rollbook synonyms set team-a churn                  # it stands for itself again
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        outcome = registry.set_synonyms(space, word, same or [])
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE
