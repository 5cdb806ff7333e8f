"""What can be asked about namespaces, and about who may do what."""

from collections.abc import Iterable, Iterator
from itertools import islice

from rollbook.client.results import Record
from rollbook.client.session import API, AsOf, Session, asked, namespace_path, segment
from rollbook.client.tenants import Collection, Completeness, Grant, Key, Me, Namespace, Personal

PAGE = 200
"""Rows asked for at once."""


class Overseeing(Session):
    """Each read shows what this session's commands did."""

    def namespaces(self) -> Iterator[str]:
        """The namespaces that the caller may see, in alphabetical order."""
        rows = self.pages(f"{API}/namespaces", {"limit": PAGE})
        return (row["namespace"] for row in rows)

    def namespace(self, namespace: str, *, as_of: AsOf = None) -> Namespace:
        """The rules and the metadata schema that hold now, or held then.

        `Refused` (`unknown_namespace`) where nobody has decided anything yet: the defaults hold.
        """
        return Namespace.of(self.read(namespace_path(namespace), {"as_of": asked(as_of)}))

    def grants(self, namespace: str, *, as_of: AsOf = None) -> Iterator[Grant]:
        """Every role that was ever granted there, also those that were revoked."""
        path = f"{namespace_path(namespace)}/grants"
        return map(Grant.of, self.pages(path, {"limit": PAGE, "as_of": asked(as_of)}))

    def keys(self, namespace: str, *, as_of: AsOf = None) -> Iterator[Key]:
        """The machines' keys, also those that were revoked."""
        path = f"{namespace_path(namespace)}/keys"
        return map(Key.of, self.pages(path, {"limit": PAGE, "as_of": asked(as_of)}))

    def collections(self, namespace: str, *, as_of: AsOf = None) -> Iterator[Collection]:
        """The namespace's collections in alphabetical order."""
        path = f"{namespace_path(namespace)}/collections"
        return map(Collection.of, self.pages(path, {"limit": PAGE, "as_of": asked(as_of)}))

    def governance(self, namespace: str, *, limit: int | None = None) -> Iterator[Record]:
        """Every record of the log about the namespace itself, the newest first."""
        path = f"{namespace_path(namespace)}/history"
        rows = self.pages(path, {"order": "newest", "limit": min(limit or PAGE, PAGE)})
        return map(Record.of, islice(rows, limit))

    def reveal(self, namespace: str, reference: str) -> Personal:
        """What stands behind a reference; `Refused` (`erased`) when it was."""
        path = f"{namespace_path(namespace)}/personal/{segment(reference)}"
        return Personal.of(self.read(path))

    def completeness(self, namespace: str, environments: Iterable[str] = ()) -> Completeness:
        """How much of what the metadata schema asks for is there, for what serves."""
        path = f"{namespace_path(namespace)}/completeness"
        return Completeness.of(self.read(path, [("environment", e) for e in environments]))

    def me(self) -> Me:
        """Who the registry takes the caller for, and the roles that they hold."""
        return Me.of(self.read(f"{API}/me"))
