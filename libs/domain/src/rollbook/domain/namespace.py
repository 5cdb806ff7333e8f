"""The namespace aggregate: a command and a state decide an event; events evolve state."""

from typing import Final, TypeAlias

from pydantic_core import to_json

from rollbook.domain import (
    collection,
    deletions,
    endpoints,
    erasure,
    grants,
    policies,
    queries,
    retention,
    rules,
    snapshot,
)
from rollbook.domain.context import Context
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.tenancy import Namespace

NamespaceEvent: TypeAlias = (
    rules.RulesEvent
    | grants.GrantEvent
    | collection.CollectionEvent
    | queries.QueryEvent
    | erasure.ErasureEvent
    | policies.PolicyEvent
    | retention.RetentionEvent
    | endpoints.EndpointEvent
    | deletions.DeletionEvent
)

NamespaceCommand: TypeAlias = (
    rules.RulesCommand
    | grants.GrantCommand
    | collection.CollectionCommand
    | queries.QueryCommand
    | erasure.ErasureCommand
    | policies.PolicyCommand
    | retention.RetentionCommand
    | endpoints.EndpointCommand
    | deletions.DeletionCommand
)

STATE_LIMIT: Final = 4_000_000
"""Bytes of a namespace's snapshot: every decider and reader holds it, and gets it as one record."""


def evolve(state: Namespace, event: NamespaceEvent) -> Namespace:
    """The state after `event`."""
    match event:
        case rules.RulesSet() | rules.MetadataSchemaSet():
            return rules.evolve(state, event)
        case grants.RoleGranted() | grants.RoleRevoked() | grants.KeyIssued() | grants.KeyRevoked():
            return grants.evolve(state, event)
        case collection.CollectionSet() | collection.CollectionRemoved():
            return collection.evolve(state, event)
        case queries.QuerySaved() | queries.QueryDropped() | queries.SynonymsSet():
            return queries.evolve(state, event)
        case erasure.PersonalDataErased():
            return erasure.evolve(state, event)
        case policies.PolicySaved() | policies.PolicyDropped():
            return policies.evolve(state, event)
        case retention.RetentionSet():
            return retention.evolve(state, event)
        case (
            endpoints.EndpointSet()
            | endpoints.EndpointDropped()
            | endpoints.EndpointSecretRotated()
            | endpoints.EndpointTested()
            | endpoints.EndpointRedriven()
        ):
            return endpoints.evolve(state, event)
        case deletions.DeletionsAnnounced():
            return deletions.evolve(state, event)


def decide(
    state: Namespace, command: NamespaceCommand, context: Context
) -> NamespaceEvent | Unchanged:
    """The event that `command` leads to, or `Unchanged` when the wish is already true.

    Raises `Refused` when the state forbids it.
    """
    decided = _decide(state, command, context)
    if not isinstance(decided, Unchanged):
        size = len(to_json(snapshot.namespace_head(evolve(state, decided))))
        if size > STATE_LIMIT:
            raise Refused("too_large", f"the namespace would take {size:,} bytes: remove something")
    return decided


def _decide(
    state: Namespace, command: NamespaceCommand, context: Context
) -> NamespaceEvent | Unchanged:
    match command:
        case rules.SetRules() | rules.SetMetadataSchema():
            return rules.decide(state, command)
        case grants.GrantRole() | grants.RevokeRole() | grants.IssueKey() | grants.RevokeKey():
            return grants.decide(state, command, context)
        case collection.SetCollection() | collection.RemoveCollection():
            return collection.decide(state, command)
        case queries.SaveQuery() | queries.DropQuery() | queries.SetSynonyms():
            return queries.decide(state, command)
        case erasure.ErasePersonalData():
            return erasure.decide(state, command, context)
        case policies.SavePolicy() | policies.DropPolicy():
            return policies.decide(state, command)
        case retention.SetRetention():
            return retention.decide(state, command)
        case (
            endpoints.SetEndpoint()
            | endpoints.DropEndpoint()
            | endpoints.RotateEndpointSecret()
            | endpoints.TestEndpoint()
            | endpoints.RedriveEndpoint()
        ):
            return endpoints.decide(state, command, context)
        case deletions.AnnounceDeletions():
            return deletions.decide(state, command)
