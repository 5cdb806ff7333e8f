"""Registering, describing, tagging, owning, classifying and retiring a model."""

from typing import Annotated, TypeAlias

from pydantic import Field

from rollbook.domain.context import Context
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.names import Label, Reason, Subject, Text
from rollbook.domain.rulebook import Risk, fits
from rollbook.domain.state import Model
from rollbook.domain.tags import SomeKeys, SomeTags, Tags, has, present, without

# Events


class ModelRegistered(Event):
    """The model exists from here on."""

    description: str = ""
    tags: dict[str, str] = Field(default_factory=dict)


class ModelDescribed(Event):
    """The model's description was replaced."""

    description: str


class ModelTagged(Event):
    """Tags of the model were set; other tags stay."""

    tags: dict[str, str]


class ModelUntagged(Event):
    """Tags of the model were removed."""

    keys: tuple[str, ...]


class OwnerAssigned(Event):
    """Somebody, and their team, answers for the model now."""

    owner: str
    team: str | None = None


class ModelClassified(Event):
    """What a wrong prediction of the model may cost was judged."""

    risk: str
    reason: str


class ModelRetired(Event):
    """The model is out of use as a whole; its history stays."""

    reason: str


class ModelRestored(Event):
    """The model, which was retired, may be used again."""

    reason: str


CatalogEvent: TypeAlias = (
    ModelRegistered
    | ModelDescribed
    | ModelTagged
    | ModelUntagged
    | OwnerAssigned
    | ModelClassified
    | ModelRetired
    | ModelRestored
)


def evolve(state: Model, event: CatalogEvent) -> Model:
    """The state after `event`."""
    match event:
        case ModelRegistered(description=description, tags=tags):
            return state._replace(
                registered=True, description=description, tags={**state.tags, **tags}
            )
        case ModelDescribed(description=description):
            return state._replace(description=description)
        case ModelTagged(tags=tags):
            return state._replace(tags={**state.tags, **tags})
        case ModelUntagged(keys=keys):
            return state._replace(tags=without(state.tags, keys))
        case OwnerAssigned(owner=owner, team=team):
            return state._replace(owner=owner, team=team)
        case ModelClassified(risk=risk):
            return state._replace(risk=risk)
        case ModelRetired():
            return state._replace(retired=True)
        case ModelRestored():
            return state._replace(retired=False)


# Commands


class RegisterModel(Command):
    """Make a model known, so that versions of it can be registered."""

    description: Text = ""
    tags: Tags = Field(default_factory=dict)


class DescribeModel(Command):
    """Replace the model's description (Markdown)."""

    description: Text


class TagModel(Command):
    """Set tags of the model; other tags stay."""

    tags: SomeTags


class UntagModel(Command):
    """Remove tags of the model."""

    keys: SomeKeys


class AssignOwner(Command):
    """Say who answers for the model, and in which team."""

    owner: Subject
    team: Annotated[Label, Field(min_length=1)] | None = None


class ClassifyModel(Command):
    """Say what a wrong prediction of the model may cost: its risk decides who must sign."""

    risk: Risk
    reason: Reason


class RetireModel(Command):
    """Take a model out of use as a whole; refused while a version of it serves or has an alias."""

    reason: Reason


class RestoreModel(Command):
    """Take a retired model into use again."""

    reason: Reason


CatalogCommand: TypeAlias = (
    RegisterModel
    | DescribeModel
    | TagModel
    | UntagModel
    | AssignOwner
    | ClassifyModel
    | RetireModel
    | RestoreModel
)


def decide(state: Model, command: CatalogCommand, context: Context) -> CatalogEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case RegisterModel():
            return _register(state, command, context)
        case DescribeModel(description=description):
            state.require()
            if description == state.description:
                return Unchanged()
            return ModelDescribed(description=description)
        case TagModel(tags=tags):
            state.require()
            return Unchanged() if has(state.tags, tags) else ModelTagged(tags=tags)
        case UntagModel(keys=keys):
            state.require()
            found = present(state.tags, keys)
            return ModelUntagged(keys=found) if found else Unchanged()
        case AssignOwner(owner=owner, team=team):
            state.require()
            if (owner, team) == (state.owner, state.team):
                return Unchanged()
            return OwnerAssigned(owner=owner, team=team)
        case ClassifyModel(risk=risk, reason=reason):
            state.require()
            return Unchanged() if risk == state.risk else ModelClassified(risk=risk, reason=reason)
        case RetireModel(reason=reason):
            return _retire(state, reason)
        case RestoreModel(reason=reason):
            state.known()
            return ModelRestored(reason=reason) if state.retired else Unchanged()


def _register(
    state: Model, command: RegisterModel, context: Context
) -> ModelRegistered | Unchanged:
    if not state.registered:
        naming = context.namespace.rules.naming
        if naming is not None and not fits(context.name, naming):
            raise Refused("bad_name", f"names in this namespace must match {naming!r}")
        return ModelRegistered(description=command.description, tags=command.tags)
    state.require()
    described = command.description and command.description != state.description
    if described or not has(state.tags, command.tags):
        raise Refused(
            "already_registered",
            "the model is registered with another description or other tags:"
            " use DescribeModel and TagModel to change them",
        )
    return Unchanged()


def _retire(state: Model, reason: str) -> ModelRetired | Unchanged:
    if state.retired:
        return Unchanged()
    state.require()
    if state.environments:
        raise Refused(
            "serving",
            f"a version serves in {', '.join(sorted(state.environments))}: clear that first",
        )
    if state.aliases:
        raise Refused("aliased", f"remove the alias {', '.join(sorted(state.aliases))} first")
    return ModelRetired(reason=reason)
