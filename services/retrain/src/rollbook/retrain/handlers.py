"""What the retrain service makes of rows: orders to pipelines, and the commands' ids. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from rollbook.domain.retraining import EndRetraining
from rollbook.readmodel.retraining import RetrainingRow
from rollbook.retrain.starters.shape import Order, Standing, State

_NAMES: Final = UUID("5b1f3f0e-2c8b-5b62-9a27-8e0f4a1f6d43")
"""What the ids are made under; with another one, what was said would be said again."""

AGAIN: Final = timedelta(hours=1)
"""Before a command is sent again that was refused: under its id, a refusal stands for good."""

FIRST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(minutes=2)
"""Before a pipeline is asked again that did not answer; doubled each time."""


def key(row: RetrainingRow) -> str:
    """Under which its pipeline is started: of letters that each of them takes for a name."""
    return f"rollbook-{row.id}"


def order(row: RetrainingRow, policy: Mapping[str, object] | None) -> Order:
    """What its pipeline is asked for."""
    return Order(
        key=key(row),
        model=row.model,
        retraining=row.retraining,
        reason=row.reason,
        requested_at=row.requested_at,
        alarm=row.alarm,
        version=row.version,
        environment=row.environment,
        parameters=row.parameters,
        policy=policy,
    )


def end(
    row: RetrainingRow, state: State, candidate: int | None, waited: timedelta, grace: timedelta
) -> EndRetraining | None:
    """What a run's standing comes to; None: it goes on, or its candidate is waited for.

    `waited`: since when its standing is no longer that it runs.
    """
    version = state.version if _is_new(row, state.version) else candidate
    match state.standing:
        case Standing.RUNNING:
            return None
        case Standing.UNTOLD:
            return _brought(row, version) if version is not None else None
        case Standing.DONE:
            if version is not None:
                return _brought(row, version)
            if waited < grace:
                return None
            return EndRetraining(
                retraining=row.retraining,
                outcome="empty",
                note="the run ended well, and no version says that it was registered by it",
            )
        case Standing.FAILED:
            return EndRetraining(retraining=row.retraining, outcome="failed", note=_note(state))
        case Standing.GONE:
            if version is not None:
                return _brought(row, version)
            if waited < grace:
                return None
            return EndRetraining(
                retraining=row.retraining, outcome="lost", note="nobody knows the run any more"
            )


def overdue(row: RetrainingRow, candidate: int | None) -> EndRetraining:
    """What becomes of a retraining whose deadline has passed."""
    if candidate is not None:
        return _brought(row, candidate)
    note = "it had not ended by its deadline" if row.run else "no run began by its deadline"
    return EndRetraining(retraining=row.retraining, outcome="lost", note=note)


def rejected(row: RetrainingRow, why: str) -> EndRetraining:
    """What becomes of a retraining that its pipeline will not start."""
    return EndRetraining(retraining=row.retraining, outcome="failed", note=_clean(why))


def command_id(row: RetrainingRow, what: str, now: datetime) -> str:
    """The same from every retrain process, for an hour."""
    slot = int(now.timestamp() // AGAIN.total_seconds())
    return str(uuid5(_NAMES, f"{what}\n{row.id}\n{slot}"))


def request_id(model: str, alarm: int, trained: int, now: datetime) -> str:
    """Of the command that asks for a retraining because of an alarm."""
    slot = int(now.timestamp() // AGAIN.total_seconds())
    return str(uuid5(_NAMES, f"request\n{model}\n{alarm}\n{trained}\n{slot}"))


def pause(times: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return min(FIRST_PAUSE * float(2 ** min(times, 20)), LONGEST_PAUSE)


def _is_new(row: RetrainingRow, version: int | None) -> bool:
    return version is not None and version > row.after


def _brought(row: RetrainingRow, version: int) -> EndRetraining:
    return EndRetraining(retraining=row.retraining, outcome="candidate", version=version)


def _note(state: State) -> str:
    return _clean(state.said or "the run failed")


def _clean(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:2000]
