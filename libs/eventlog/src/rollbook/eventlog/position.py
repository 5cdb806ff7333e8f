"""Where a record stands in the log."""

from typing import NamedTuple


class Position(NamedTuple):
    """A place in the log: partition and offset, written `3:1042`."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """The position that `text` names; ValueError when it is not of the form `3:1042`."""
        partition, colon, offset = text.partition(":")
        if not (colon and partition.isdecimal() and offset.isdecimal()):
            raise ValueError(f"a log position is 'partition:offset', such as 3:1042, not {text!r}")
        return cls(int(partition), int(offset))
