"""What would come of a command, without sending it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rollbook.client.result import Result
from rollbook.client.session import Session, stream_path

if TYPE_CHECKING:
    from rollbook.domain.streams import StreamCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Result):
    """What would come of a command if it were sent now; nothing was written."""

    outcome: str
    """`accepted`, `confirmed` when the wish is true already, or `refused`."""
    type: str | None = None
    """Of the event that would be appended."""
    event: Mapping[str, Any] | None = None
    """What it would say."""
    version: int | None = None
    """The version that it is about; of a roll-back, the one that would serve again."""
    code: str | None = None
    """Of the refusal."""
    message: str | None = None
    position: str | None = None
    """Of the newest record of the stream that it rests on."""
    seq: int | None = None
    """How far the stream has come: as `expected_seq`, only what was planned is done."""
    way: Mapping[str, Any] | None = None
    """Of a promotion: `hindrances`, `quorum`, signatures that are `missing`, the `request`."""
    gates: tuple[Mapping[str, Any], ...] = ()
    """The gates that are asked: `policy`, `gate`, `kind`, `environments`, and whether it `bars`."""


class Planning(Session):
    """Each plan rests on what this session's commands did."""

    def plan(
        self, stream: str, command: "StreamCommand", *, expected_seq: int | None = None
    ) -> Plan:
        """What would come of a command of `rollbook.domain`, to a model or to a namespace.

        Also who would have to sign, and which gates are asked. A refusal is an answer here.
        Raises `Invalid` or `Unavailable`, and `Refused` for who does not prove who they are.
        """
        body = command.model_dump_json(exclude_defaults=True).encode()
        return self.plan_of(type(command).__name__, stream, body, expected_seq=expected_seq)

    def plan_of(
        self, kind: str, stream: str, body: bytes, *, expected_seq: int | None = None
    ) -> Plan:
        """The same for a command's JSON."""
        headers = {"Content-Type": "application/json"}
        if expected_seq is not None:
            headers["If-Match"] = f'"{expected_seq}"'
        path = f"{stream_path(stream)}/commands/{kind}/plan"
        return Plan.of(self.enquire(path, body, headers))
