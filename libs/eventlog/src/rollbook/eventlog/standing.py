"""What stands at environments and aliases, as records of the serving topic and back.

The truth is the models' streams in the log. The command service that writes one of them copies
what stands where to a compacted topic, so that who serves needs nothing else of the registry.
"""

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from rollbook.domain import traffic
from rollbook.domain.traffic import Pointing
from rollbook.eventlog.envelope import Outgoing, Record
from rollbook.eventlog.position import Position
from rollbook.eventlog.records import reasons
from rollbook.observability.logs import logger

log = logger(__name__)

POINTING: Final[TypeAdapter[Pointing]] = TypeAdapter(Pointing)


def as_record(model: str, end: str, pointing: Pointing | None) -> Outgoing:
    """The record for the topic; a tombstone where nothing stands."""
    value = to_json(pointing) if pointing is not None else None
    return Outgoing((model + end).encode(), value, [], 0)


class Standing:
    """The newest pointing of each key; `changed` hears each key whose pointing is another now."""

    def __init__(
        self,
        known: Mapping[str, Pointing] | None = None,
        changed: Callable[[str], None] = lambda key: None,
        end: str = "",
    ) -> None:
        """`end`: only keys that end so are kept, such as `@production`."""
        self.known: dict[str, Pointing] = dict(known or {})
        """Always the same mapping."""
        self._changed = changed
        self._end = end
        self._coming: dict[str, Pointing] | None = None
        """What the topic says while it is read from its beginning; its old records move nothing."""

    def begin(self) -> None:
        """The topic is read from its beginning."""
        self._coming = {}

    def take(self, record: Record) -> None:
        """Take in a record of the topic; one that cannot be read is passed over, and said."""
        if record.key is None or record.value == b"null":
            return  # a claim's mark
        key = record.key.decode(errors="replace")
        if not key.endswith(self._end):
            return
        try:
            pointing = _read(key, record.value) if record.value is not None else None
        except ValueError as error:
            log.error("what stands cannot be read", key=key, reason=str(error))
            return
        into = self.known if self._coming is None else self._coming
        before = into.get(key)
        if pointing is None:
            into.pop(key, None)
        elif before is None or _place(before) <= _place(pointing):
            into[key] = pointing
        if self._coming is None:
            self._tell(key, before)

    def caught_up(self) -> None:
        """All that stood in the topic was taken: it is right, also where it has less than we."""
        coming, self._coming = self._coming, None
        if not coming:
            return  # an empty topic takes nothing out of service: it was made anew, or is new
        before = dict(self.known)
        self.known.clear()
        self.known.update(coming)
        for key in sorted({*before, *coming}):
            self._tell(key, before.get(key))

    def _tell(self, key: str, before: Pointing | None) -> None:
        now = self.known.get(key)
        if now is None or before is None:
            differs = now is not before
        else:
            differs = {**now, "position": ""} != {**before, "position": ""}
        if differs:
            self._changed(key)


def _read(key: str, value: bytes) -> Pointing:
    try:
        pointing = POINTING.validate_json(value)
    except ValidationError as error:
        raise ValueError(reasons(error)) from None
    if key != key_of(pointing):
        raise ValueError(f"it is of {key_of(pointing)}")
    _place(pointing)
    return pointing


def _place(pointing: Pointing) -> Position:
    return Position.parse(pointing["position"])


def key_of(pointing: Pointing) -> str:
    """The key of its record."""
    alias, environment = pointing["alias"], pointing["environment"]
    end = (
        traffic.at_alias(alias) if alias is not None else traffic.at_environment(environment or "")
    )
    return pointing["model"] + end
