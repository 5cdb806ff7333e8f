"""What the people of a namespace have said about searching: saved queries, and synonyms."""

from collections.abc import Collection, Iterator, Mapping

from rollbook.domain.access import Read
from rollbook.domain.names import NAMESPACE
from rollbook.query.problems import Problem, invalid
from rollbook.query.sight import Sight
from rollbook.readmodel import queries
from rollbook.readmodel.database import Db
from rollbook.readmodel.queries import QueryRow
from rollbook.readmodel.search.tree import Compare, Tree, Word, conjuncts, leaves


async def wanted(db: Db, name: str, seen: Sight) -> QueryRow:
    """The saved query `namespace/query`; a 404 where there is none that may be seen."""
    namespace, _, query = name.partition("/")
    if not NAMESPACE.fullmatch(namespace) or not query or not query.isprintable():
        raise invalid("saved", "must be 'namespace/query'")
    row = await queries.get(db, namespace, query) if seen.may(Read.RECORD, namespace) else None
    if row is None:
        raise Problem(404, "unknown_query", f"{namespace} has no saved query {query!r}")
    return row


async def synonyms(db: Db, tree: Tree, namespace: str | None) -> Mapping[str, Collection[str]]:
    """What each word of a query stands for, beside itself, where the query is at home.

    That is the whole registry, the namespace that it was saved in, and those that it is about.
    """
    if not any(isinstance(leaf, Word) for leaf in leaves(tree)):
        return {}
    return await queries.meanings(db, {*_about(tree), *([namespace] if namespace else [])})


def _about(tree: Tree) -> Iterator[str]:
    """The namespaces of which alone a query finds something."""
    for part in conjuncts(tree):
        match part:
            case Compare("namespace", "=", value):
                yield value.text
            case Compare("model", "=", value) if "/" in value.text:
                yield value.text.partition("/")[0]
            case _:
                pass
