"""The policies as the log has told of them: what is in force, and since when. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from rollbook.domain.names import matches
from rollbook.domain.policies import Policy
from rollbook.domain.rulebook import Risk
from rollbook.domain.tenancy import REGISTRY
from rollbook.eventlog.position import Position
from rollbook.gates import ruling as gates
from rollbook.gates.ruling import Ruling

PolicyKey: TypeAlias = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A policy in force."""

    namespace: str
    name: str
    version: int
    document: Policy
    position: Position
    """Of the record that saved it."""
    saved: datetime
    scopes: tuple[tuple[datetime, Policy], ...]
    """Since when it has looked at which models, as long as it is in force without a break."""

    def may_cover(self, model: str) -> bool:
        """Whether it looks at a model of some risk."""
        return _may_cover(self.namespace, self.document, model)

    def covers(self, model: str, risk: Risk) -> bool:
        """Whether it looks at a model of this risk."""
        return _covers(self.namespace, self.document, model, risk)

    def looked_at(self, model: str, risk: Risk, registered: datetime) -> bool:
        """Whether it covered the model when a version was registered."""
        held = [document for since, document in self.scopes if since <= registered]
        return bool(held) and _covers(self.namespace, held[-1], model, risk)


def _may_cover(where: str, document: Policy, model: str) -> bool:
    namespace, _, name = model.partition("/")
    return where in (namespace, REGISTRY) and any(matches(name, glob) for glob in document.models)


def _scope(document: Policy) -> object:
    return document.models, document.risks


def _covers(where: str, document: Policy, model: str, risk: Risk) -> bool:
    return (not document.risks or risk in document.risks) and _may_cover(where, document, model)


class Book:
    """Every policy in force; records are taken in by stream in their order."""

    def __init__(self) -> None:
        self._policies: dict[PolicyKey, Standing] = {}

    def __iter__(self) -> Iterator[Standing]:
        return iter(tuple(self._policies.values()))

    def saved(
        self, namespace: str, data: Mapping[str, Any], position: Position, at: datetime
    ) -> Standing:
        """Take in that a policy was saved; what was taken in before may come again."""
        key = namespace, data["policy"]
        before = self._policies.get(key)
        if before is not None and before.position >= position:
            return before
        document = Policy.model_validate(data["document"])
        scopes = before.scopes if before is not None else ()
        if not scopes or _scope(scopes[-1][1]) != _scope(document):
            scopes = (*scopes, (at, document))
        found = Standing(namespace, data["policy"], data["version"], document, position, at, scopes)
        self._policies[key] = found
        return found

    def dropped(self, namespace: str, data: Mapping[str, Any], position: Position) -> None:
        """Take in that a policy is no longer in force."""
        before = self._policies.get((namespace, data["policy"]))
        if before is not None and before.position < position:
            del self._policies[namespace, data["policy"]]

    def ruling(self, model: str, risk: Risk) -> Ruling:
        """What is asked of the versions of a model."""
        namespace, _, name = model.partition("/")
        found = [
            gates.Standing(policy.namespace, policy.name, policy.version, policy.document)
            for policy in self._policies.values()
            if policy.may_cover(model)
        ]
        return gates.ruling(found, namespace, name, risk)

    def may_look(self, model: str) -> bool:
        """Whether one of them looks at a model of some risk."""
        return any(policy.may_cover(model) for policy in self._policies.values())

    def stands(self, position: Position) -> bool:
        """Whether what was saved there is what is in force."""
        return any(policy.position == position for policy in self._policies.values())

    def covers(self, position: Position, model: str, risk: Risk) -> bool:
        """Whether what was saved there is in force, and looks at the model."""
        return any(each.position == position and each.covers(model, risk) for each in self)

    def looks_at_new(self, model: str, risk: Risk, registered: datetime) -> bool:
        """Whether a version was registered under one of them."""
        return any(policy.looked_at(model, risk, registered) for policy in self)

    def since(self) -> datetime | None:
        """The first moment at which one of them looked at new versions; None: there is none."""
        return min((policy.scopes[0][0] for policy in self), default=None)
