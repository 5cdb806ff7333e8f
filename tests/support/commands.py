"""Hypothesis strategies for commands that meet each other: few names, few numbers, many moves."""

from collections.abc import Iterable
from uuid import UUID

from hypothesis import strategies as st

from rollbook.domain.aliases import RemoveAlias, SetAlias
from rollbook.domain.catalog import DescribeModel, RegisterModel, TagModel, UntagModel
from rollbook.domain.environments import PromoteVersion, RollBackVersion
from rollbook.domain.lineage import Artifact, Dataset, Lineage, Signature
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.model import ModelCommand, ModelEvent, decide, evolve
from rollbook.domain.state import Model
from rollbook.domain.versions import (
    ArchiveVersion,
    DescribeVersion,
    RegisterVersion,
    TagVersion,
    UntagVersion,
)

numbers = st.integers(1, 5)
words = st.sampled_from(["a", "b", "ü\n", "", '"'])
keys = st.sampled_from(["owner", "ünit", "x"])
tags = st.dictionaries(keys, words, max_size=3)
some_tags = st.dictionaries(keys, words, min_size=1, max_size=3)
some_keys = st.lists(keys, min_size=1, max_size=3).map(tuple)
aliases = st.sampled_from(["champion", "challenger"])
environments = st.sampled_from(["production", "staging"])
reasons = st.sampled_from(["worse", "slow"])
digests = st.sampled_from(["a", "b"]).map(lambda digit: f"sha256:{digit * 64}")
artifacts = st.builds(Artifact, uri=st.just("s3://models/m"), digest=digests)
lineages = st.builds(
    Lineage,
    run_id=st.none() | words,
    datasets=st.lists(st.builds(Dataset, uri=st.just("s3://data/d")), max_size=2).map(tuple),
    environment=st.dictionaries(keys, words, max_size=2),
)
specifications = st.dictionaries(keys, st.none() | st.booleans() | words | st.floats(-1, 1))
signatures = st.builds(Signature, inputs=st.lists(specifications, max_size=2).map(tuple))

COMMANDS: dict[type[ModelCommand], st.SearchStrategy[ModelCommand]] = {
    RegisterModel: st.builds(RegisterModel, description=words, tags=tags),
    DescribeModel: st.builds(DescribeModel, description=words),
    TagModel: st.builds(TagModel, tags=some_tags),
    UntagModel: st.builds(UntagModel, keys=some_keys),
    RegisterVersion: st.builds(
        RegisterVersion,
        artifact=artifacts,
        metrics=st.dictionaries(keys, st.floats(allow_nan=False, allow_infinity=False), max_size=2),
        params=tags,
        tags=tags,
        lineage=lineages,
        signature=st.none() | signatures,
        description=words,
        idempotency_key=st.none() | st.sampled_from(["run-1", "run-2"]),
    ),
    DescribeVersion: st.builds(DescribeVersion, version=numbers, description=words),
    TagVersion: st.builds(TagVersion, version=numbers, tags=some_tags),
    UntagVersion: st.builds(UntagVersion, version=numbers, keys=some_keys),
    ArchiveVersion: st.builds(ArchiveVersion, version=numbers, reason=reasons),
    SetAlias: st.builds(SetAlias, alias=aliases, version=numbers),
    RemoveAlias: st.builds(RemoveAlias, alias=aliases),
    PromoteVersion: st.builds(PromoteVersion, version=numbers, environment=environments),
    RollBackVersion: st.builds(
        RollBackVersion, reason=reasons, environment=environments, to=st.none() | numbers
    ),
}

commands: st.SearchStrategy[ModelCommand] = st.one_of(*COMMANDS.values())

# Most histories begin well, or nearly every command of theirs would be refused.
_beginnings = st.builds(
    lambda versions: [RegisterModel(), *versions],
    st.lists(COMMANDS[RegisterVersion], min_size=1, max_size=4),
)
histories: st.SearchStrategy[list[ModelCommand]] = st.builds(
    lambda beginning, rest: [*beginning, *rest],
    st.just([]) | _beginnings | _beginnings,
    st.lists(commands, max_size=40),
)
"""Commands to one model, in order."""

command_ids = st.integers(0, 9).map(lambda number: str(UUID(int=number)))


def live(history: Iterable[ModelCommand]) -> tuple[Model, list[ModelEvent]]:
    """The state after commands, as a writer that runs would hold it, and the events they made."""
    state, events = Model(), []
    for command in history:
        try:
            decided = decide(state, command)
        except Refused:
            continue
        if not isinstance(decided, Unchanged):
            events.append(decided)
            state = evolve(state, decided)
    return state, events
