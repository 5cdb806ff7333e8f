"""Saved queries, and the words that mean the same to whoever searches a namespace."""

from hashlib import sha256
from typing import Annotated, Final, TypeAlias

from pydantic import Field, StringConstraints
from pydantic_core import to_json

from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.names import NO_NUL, EnvironmentName, Label, Text
from rollbook.domain.tenancy import Namespace

MOST_QUERIES: Final = 500
"""Saved queries of one namespace."""
MOST_WORDS: Final = 500
"""Words of one namespace for which others stand."""

QueryText = Annotated[str, StringConstraints(pattern=NO_NUL, min_length=1, max_length=4000)]
"""What is asked, in the language of searches; only the query service can read it."""

Word = Annotated[str, StringConstraints(pattern=r"^\w[\w-]{0,62}$", to_lower=True)]
"""One word, in lower case."""

# Events


class QuerySaved(Event):
    """The query of this name asks for this now."""

    query: str
    text: str
    order: str = ""
    description: str = ""

    def digest(self) -> str:
        """`sha256:…` of what it asks for."""
        asked = to_json([self.text, self.order, self.description])
        return "sha256:" + sha256(asked).hexdigest()


class QueryDropped(Event):
    """There is no query of this name any more."""

    query: str


class SynonymsSet(Event):
    """These words mean the same as `word`; with none of them, it stands for itself again."""

    word: str
    same: tuple[str, ...] = ()


QueryEvent: TypeAlias = QuerySaved | QueryDropped | SynonymsSet


def evolve(state: Namespace, event: QueryEvent) -> Namespace:
    """The state after `event`."""
    match event:
        case QuerySaved(query=name):
            return state._replace(queries=state.queries.set(name, event.digest()))
        case QueryDropped(query=name):
            return state._replace(queries=state.queries.delete(name))
        case SynonymsSet(word=word, same=()):
            return state._replace(synonyms=state.synonyms.delete(word))
        case SynonymsSet(word=word, same=same):
            return state._replace(synonyms=state.synonyms.set(word, same))


# Commands


class SaveQuery(Command):
    """Give a query a name, under which everybody who may see the namespace can ask it."""

    query: EnvironmentName
    text: QueryText
    order: Label = ""
    """As the search takes it; nothing: the search's own."""
    description: Text = ""


class DropQuery(Command):
    """Forget a saved query."""

    query: EnvironmentName


class SetSynonyms(Command):
    """Say which words mean the same as `word`: who searches for one of them finds all.

    It replaces what was said about `word` before. In the namespace `rollbook` it is said of all.
    """

    word: Word
    same: Annotated[tuple[Word, ...], Field(max_length=50)] = ()


QueryCommand: TypeAlias = SaveQuery | DropQuery | SetSynonyms


def decide(state: Namespace, command: QueryCommand) -> QueryEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case SaveQuery():
            return _save(state, command)
        case DropQuery(query=name):
            return QueryDropped(query=name) if name in state.queries else Unchanged()
        case SetSynonyms(word=word):
            same = tuple(sorted(set(command.same) - {word}))
            if state.synonyms.get(word, ()) == same:
                return Unchanged()
            if word not in state.synonyms:
                _room(len(state.synonyms), MOST_WORDS, "words with synonyms")
            return SynonymsSet(word=word, same=same)


def _save(state: Namespace, command: SaveQuery) -> QueryEvent | Unchanged:
    event = QuerySaved(
        query=command.query,
        text=command.text,
        order=command.order,
        description=command.description,
    )
    before = state.queries.get(command.query)
    if before == event.digest():
        return Unchanged()
    if before is None:
        _room(len(state.queries), MOST_QUERIES, "saved queries")
    return event


def _room(have: int, most: int, what: str) -> None:
    if have >= most:
        raise Refused("too_many", f"the namespace has {have} {what}, and may have no more")
