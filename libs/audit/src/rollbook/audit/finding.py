"""What a verification found to be wrong, and where."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it was signed, or not as the rules of the log want it."""

    what: str
    """A code for programs: see `verification` and `history`."""
    message: str
    file: str | None = None
    partition: int | None = None
    offset: int | None = None
    """The first record that it is about."""
    until: int | None = None
    """The first record after those, where it can only be narrowed down to several."""
    models: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where, for people: `3:1042`, `3:1000..1100`, or a file."""
        if self.partition is None or self.offset is None:
            return self.file or "-"
        until = "" if self.until is None else f"..{self.until - 1}"
        return f"{self.partition}:{self.offset}{until}"

    def __str__(self) -> str:
        first, more = ", ".join(self.models[:3]), len(self.models) - 3
        about = f" {first}{f' and {more} more' if more > 0 else ''}" if first else ""
        return f"{self.place}{about}: {self.message} [{self.what}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was verified, and what was found."""

    app: str = ""
    partitions: int = 0
    records: int = 0
    streams: int = 0
    checkpoints: int = 0
    """Checkpoints of the bundle that a named key has signed."""
    held: int = 0
    """Checkpoints from outside the bundle, each of which it was compared with."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings
