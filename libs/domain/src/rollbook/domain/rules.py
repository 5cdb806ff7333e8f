"""Setting the rules and the metadata schema of a namespace."""

from typing import TypeAlias

from rollbook.domain import completeness
from rollbook.domain.messages import Command, Event, Unchanged
from rollbook.domain.rulebook import MetadataSchema, Rules
from rollbook.domain.tenancy import Namespace

# Events


class RulesSet(Event):
    """What holds in the namespace from here on; `version` counts from 1."""

    version: int
    rules: Rules


class MetadataSchemaSet(Event):
    """What records of versions must hold from here on; `version` counts from 1."""

    version: int
    metadata: MetadataSchema


RulesEvent: TypeAlias = RulesSet | MetadataSchemaSet


def evolve(state: Namespace, event: RulesEvent) -> Namespace:
    """The state after `event`."""
    match event:
        case RulesSet(version=version, rules=rules):
            return state._replace(rules=rules, rules_version=version)
        case MetadataSchemaSet(version=version, metadata=schema):
            return state._replace(
                schema=schema, schema_version=version, adapters=(*state.adapters, schema.renamed)
            )


# Commands


class SetRules(Command):
    """Replace the rules of the namespace: environments, who must sign, protected aliases, names."""

    rules: Rules


class SetMetadataSchema(Command):
    """Replace what records of versions must hold; `renamed` adapts properties set before."""

    metadata: MetadataSchema


RulesCommand: TypeAlias = SetRules | SetMetadataSchema


def decide(state: Namespace, command: RulesCommand) -> RulesEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case SetRules(rules=rules):
            if state.rules_version and rules == state.rules:
                return Unchanged(version=state.rules_version)
            return RulesSet(version=state.rules_version + 1, rules=rules)
        case SetMetadataSchema(metadata=schema):
            completeness.check_schema(schema)
            if schema == state.schema:
                return Unchanged(version=state.schema_version)
            return MetadataSchemaSet(version=state.schema_version + 1, metadata=schema)
