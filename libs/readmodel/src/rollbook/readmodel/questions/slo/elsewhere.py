"""Service levels that the log cannot tell: where to look instead, and no made-up numbers."""

from collections.abc import Sequence

from rollbook.readmodel.questions.question import Inquiry, Question
from rollbook.readmodel.questions.slo.level import (
    Counted,
    Level,
    LevelParameters,
    Objective,
    level,
)


def _untold(
    slo: str, title: str, definition: str, target: str, why: str
) -> Question[LevelParameters, Level]:
    async def count(_: Inquiry[LevelParameters]) -> Sequence[Counted]:
        return [Counted(good=None, of=None, why=why)]

    return level(Objective(slo=slo, title=title, definition=definition, target=target, count=count))


M2 = _untold(
    "M2",
    "Model load latency",
    "Loads of a model by what serves it that took less than 2 s, of all.",
    "less than 2 s",
    "the log has no telemetry of what serves yet",
)
M3 = _untold(
    "M3",
    "Artifact fetch errors",
    "Fetches of artifacts that failed, of all.",
    "less than 0.5 %",
    "Rollbook does not store artifacts yet, and the log has no fetches",
)
M5 = _untold(
    "M5",
    "Drift alarms",
    "Drift alarms per model and week.",
    "as tuned per model",
    "the log has no alarms yet",
)
M7 = _untold(
    "M7",
    "API availability",
    "Requests to the API that were not answered with a status of 500 or above, of all.",
    "at least 99.95 %",
    "requests are not in the log: the metric `rollbook_http_seconds_count` counts them by status",
)
M8 = _untold(
    "M8",
    "Registration latency",
    "Half of all versions are registered within 5 s of their command.",
    "median less than 5 s",
    "records do not carry the time of their command: the metric `rollbook_ack_seconds` measures it",
)
