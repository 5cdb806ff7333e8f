"""`rollbook properties` and `rollbook link`: facts about a version that come after it."""

from typing import Annotated, Literal

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.sentences import clock
from rollbook.cli.serving import NameAndVersion, tell
from rollbook.cli.target import Target

Kind = Literal["explainability", "fairness", "risk", "security", "legal", "other"]


def properties(
    name: NameAndVersion,
    pairs: Annotated[
        list[str] | None,
        Parameter(name="PROPERTIES", negative="", help="name=value, any number; numbers as such."),
    ] = None,
    /,
    *,
    remove: Annotated[
        list[str] | None, Parameter(negative="", help="Name of one to remove; may be repeated.")
    ] = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Show, set and remove typed properties, which must fit the namespace's metadata schema.

    ```console
    rollbook properties churn@3
    rollbook properties churn@3 framework=torch layers=12 distilled=true
    rollbook properties churn@3 --remove framework
    ```
    """
    model, version = arguments.of_version(name)
    wanted = arguments.values(pairs or [], "property")
    wanted |= dict.fromkeys(remove or [])
    with target.registry() as registry:
        if wanted:
            outcome = registry.set_properties(model, version, wanted)
            tell(registry, model, outcome, as_json=target.json)
            return Exit.DONE
        found = registry.version(model, version).properties
    if target.json:
        output.document(found)
    elif not found:
        output.say(f"Version {version} of {output.plain(model)} has no properties.")
    else:
        output.table(("property", "value"), list(found.items()))
    return Exit.DONE


def link(
    name: NameAndVersion,
    uri: Annotated[str | None, Parameter(help="Where the document is.")] = None,
    /,
    *,
    title: Annotated[str | None, Parameter(help="What it is called.")] = None,
    kind: Annotated[Kind, Parameter(help="What it is about.")] = "other",
    digest: Annotated[str | None, Parameter(help="sha256:… of it, to pin what it said.")] = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Link a document about a version, or show those that are linked.

    ```console
    rollbook link churn@3 https://wiki.example.org/fair --title "Errors by age" --kind fairness
    rollbook link churn@3
    ```
    """
    model, version = arguments.of_version(name)
    if (uri is None) != (title is None):
        raise bad("a link needs a URI and a --title", f"rollbook link {name} URI --title …")
    with target.registry() as registry:
        if uri is not None and title is not None:
            outcome = registry.link_document(model, version, kind, title, uri, digest=digest)
            tell(registry, model, outcome, as_json=target.json)
            return Exit.DONE
        found = registry.documents(model, version)
    if target.json:
        output.document({"documents": [output.shaped(document) for document in found]})
    elif not found:
        output.say("Nothing is linked.")
    else:
        output.table(
            ("kind", "title", "where", "linked", "by"),
            [(d.kind, d.title, d.uri, clock(d.linked_at), d.linked_by) for d in found],
        )
    return Exit.DONE
