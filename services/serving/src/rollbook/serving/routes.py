"""Who answers for one model: the version that serves, and those of a rollout beside it."""

from collections.abc import Iterator
from typing import NamedTuple

from rollbook.domain.traffic import Pointing, Served, Trial
from rollbook.serving.assignment import arm_of, mirrored
from rollbook.serving.held import Held, State


class Draw(NamedTuple):
    """Which version answers, and as part of what."""

    held: Held
    rollout: int | None
    step: int | None


class Route:
    """One model; what is not ready yet answers nobody, and what answered before goes on."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.pointing: Pointing | None = None
        """What is wanted."""
        self.current: Held | None = None
        """What answers."""
        self.arms: list[Held] = []
        """Those of the rollout, in its order."""
        self.coming: Held | None = None
        """What is to answer, once it is ready."""
        self.before: Held | None = None
        """What is held ready for a roll-back."""
        self.good: Held | None = None
        """What answered before a restart, until what is wanted is ready."""

    @property
    def settled(self) -> bool:
        """Whether what is wanted is what answers."""
        wanted, current = self.pointing, self.current
        return wanted is not None and current is not None and current.served == wanted["serves"]

    @property
    def failed(self) -> str | None:
        """Why nobody can answer; None while somebody does, or may yet."""
        coming = [one for one in (self.coming, self.good) if one is not None]
        if self.current is not None or not coming:
            return None
        whys = [one.why for one in coming if one.state is State.FAILED]
        return whys[0] if len(whys) == len(coming) else None

    @property
    def held(self) -> Iterator[Held]:
        """All versions that are worth holding."""
        for one in (self.current, self.coming, *self.arms, self.before, self.good):
            if one is not None:
                yield one

    def draw(self, unit: str) -> Draw | None:
        """Who answers a unit; None: nobody."""
        if self.current is None:
            return None
        # A rollout is told of only where what it is held against answers.
        trial = self.pointing["rollout"] if self.pointing is not None and self.settled else None
        if trial is None or not self._begun(trial):
            return Draw(self.current, None, None)
        number = arm_of(trial, unit)
        drawn = self.current if number is None else self.arms[number]
        return Draw(drawn, trial["number"], trial["step"])

    def _begun(self, trial: Trial) -> bool:
        """Whether all that are to answer can: until then nobody is compared, by uneven shares."""
        return all(
            held.ready for held, arm in zip(self.arms, trial["arms"], strict=False) if arm["weight"]
        )

    def shadows(self, identity: str) -> Iterator[Draw]:
        """Who gets a copy of a request."""
        trial = self.pointing["rollout"] if self.pointing is not None and self.settled else None
        if trial is not None:
            for number in mirrored(trial, identity):
                if self.arms[number].ready:
                    yield Draw(self.arms[number], trial["number"], trial["step"])


def plain(served: Served) -> Served:
    """The version alone, without its share."""
    return Served(
        version=served["version"],
        digest=served["digest"],
        uri=served["uri"],
        format=served["format"],
    )
