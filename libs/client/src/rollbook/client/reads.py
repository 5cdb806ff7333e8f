"""What can be asked of a registry."""

import re
from collections.abc import Iterator
from itertools import islice

from rollbook.client.inspecting import Inspecting
from rollbook.client.overseeing import Overseeing
from rollbook.client.results import Alias, Model, Record, Stay, Step, Topic, Version
from rollbook.client.searching import Searching
from rollbook.client.session import API, AsOf, asked, model_path, segment, stream_path

LABEL = re.compile(r"\d+\.\d+\.\d+", re.ASCII)
"""MAJOR.MINOR.PATCH, which no alias can be."""

PAGE = 200
"""Rows asked for at once."""


class Reads(Inspecting, Overseeing, Searching):
    """Each read shows what this session's commands did.

    All raise `Refused` with a code such as `unknown_model` where there is no such thing, `Invalid`
    or `Unavailable`.
    """

    def models(
        self, namespace: str | None = None, *, after: str | None = None, as_of: AsOf = None
    ) -> Iterator[Model]:
        """All models in order of name, or those of one namespace, now or as of a moment."""
        params = {"namespace": namespace, "after": after, "limit": PAGE, "as_of": asked(as_of)}
        return map(Model.of, self.pages(f"{API}/models", params))

    def model(self, model: str, *, as_of: AsOf = None) -> Model:
        """A model as it is now, or as it was."""
        return Model.of(self.read(model_path(model), {"as_of": asked(as_of)}))

    def versions(
        self,
        model: str,
        *,
        newest_first: bool = False,
        limit: int | None = None,
        as_of: AsOf = None,
    ) -> Iterator[Version]:
        """The versions in order of number, or the newest first; at most `limit`."""
        params = {
            "order": "newest" if newest_first else "oldest",
            "limit": min(limit or PAGE, PAGE),
            "as_of": asked(as_of),
        }
        rows = self.pages(f"{model_path(model)}/versions", params)
        return map(Version.of, islice(rows, limit))

    def version(self, model: str, version: int | str, *, as_of: AsOf = None) -> Version:
        """A version by its number, by an alias, or by its label, such as `2.1.0`."""
        then = {"as_of": asked(as_of)}
        if isinstance(version, int) or LABEL.fullmatch(version):
            return Version.of(self.read(f"{model_path(model)}/versions/{version}", then))
        return Version.of(self.read(f"{model_path(model)}/aliases/{segment(version)}", then))

    def aliases(self, model: str, *, as_of: AsOf = None) -> list[Alias]:
        """The aliases in alphabetical order."""
        body = self.read(f"{model_path(model)}/aliases", {"as_of": asked(as_of)})
        return [Alias.of(row) for row in body["items"]]

    def environments(self, model: str, *, as_of: AsOf = None) -> dict[str, Stay]:
        """What serves in each environment, now or as of a moment."""
        body = self.read(f"{model_path(model)}/environments", {"as_of": asked(as_of)})
        return {row["environment"]: Stay.of(row) for row in body["items"]}

    def history(
        self,
        model: str,
        *,
        after: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        as_of: AsOf = None,
    ) -> Iterator[Record]:
        """Every record of the log about the model, in order, or the newest first."""
        params = {
            "after": after,
            "order": "newest" if newest_first else "oldest",
            "limit": min(limit or PAGE, PAGE),
            "as_of": asked(as_of),
        }
        rows = self.pages(f"{model_path(model)}/history", params)
        return map(Record.of, islice(rows, limit))

    def changes(self, model: str, *, since: AsOf = None, until: AsOf = None) -> Iterator[Step]:
        """What each event after `since`, up to `until`, changed of the model; who did it, and why.

        Also of a namespace: its rules, its schema, grants, keys and collections.
        """
        params = {"from": asked(since), "to": asked(until), "limit": PAGE}
        return map(Step.of, self.pages(f"{stream_path(model)}/changes", params))

    def event(self, position: str) -> Record:
        """The record at a position of the log."""
        return Record.of(self.read(f"{API}/events/{segment(position)}"))

    def outcome(self, command_id: str) -> Record:
        """The record that answers a command; `Refused` (`unknown_command`) while there is none."""
        return Record.of(self.read(f"{API}/outcomes/{segment(command_id)}"))

    def topics(self) -> list[Topic]:
        """The topics that the log is made of."""
        return [Topic.of(row) for row in self.read(f"{API}/topics")["items"]]
