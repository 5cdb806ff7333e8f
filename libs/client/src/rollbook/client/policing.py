"""Policies: saying which gates a version must pass, and asking which hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Unpack

from rollbook.client.result import Result
from rollbook.client.results import Outcome
from rollbook.client.session import AsOf, asked, namespace_path, segment
from rollbook.client.wishes import Terms, Wishes

if TYPE_CHECKING:
    from rollbook.client.wishes import Part

PAGE = 100
"""Rows asked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Result):
    """A policy, as it was saved."""

    namespace: str
    """`rollbook`: it holds for all namespaces."""
    policy: str
    version: int
    """Counts from 1."""
    digest: str
    """Of what it says."""
    document: Mapping[str, Any]
    """As `rollbook.domain.policies.Policy` has it."""
    position: str | None = None
    time: datetime
    """When it was saved."""
    actor: str
    """Who saved it."""


class Policing(Wishes):
    """A policy of the namespace `rollbook` holds for all namespaces."""

    def save_policy(
        self, namespace: str, policy: str, document: "Part", **terms: Unpack[Terms]
    ) -> Outcome:
        """Put a `rollbook.domain.policies.Policy` in force, in place of what it said before."""
        return self._wish("SavePolicy", namespace, {"policy": policy, "document": document}, terms)

    def drop_policy(
        self, namespace: str, policy: str, reason: str, **terms: Unpack[Terms]
    ) -> Outcome:
        """Take a policy out of force; verdicts that were given by it stay."""
        return self._wish("DropPolicy", namespace, {"policy": policy, "reason": reason}, terms)

    def policies(self, namespace: str, *, as_of: AsOf = None) -> Iterator[Policy]:
        """The namespace's own policies that are in force, in alphabetical order."""
        path = f"{namespace_path(namespace)}/policies"
        return map(Policy.of, self.pages(path, {"limit": PAGE, "as_of": asked(as_of)}))

    def policy(
        self, namespace: str, policy: str, *, version: int | None = None, as_of: AsOf = None
    ) -> Policy:
        """A policy that is in force, or one of its versions; `Refused` (`unknown_policy`)."""
        path = f"{namespace_path(namespace)}/policies/{segment(policy)}"
        if version is not None:
            return Policy.of(self.read(f"{path}/versions/{version}"))
        return Policy.of(self.read(path, {"as_of": asked(as_of)}))
