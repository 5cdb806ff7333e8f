"""Every question by its name."""

from collections.abc import Mapping
from typing import Any, Final

from rollbook.readmodel.questions import (
    approvals,
    datasets,
    decay,
    emergencies,
    lacking,
    regression,
    reviewing,
    rollbacks,
    serving,
    training,
)
from rollbook.readmodel.questions.question import Question
from rollbook.readmodel.questions.slo import (
    completeness,
    denials,
    deployments,
    elsewhere,
    reaching,
    recovering,
)

SERVICE_LEVELS: Final[tuple[Question[Any, Any], ...]] = (
    deployments.M1,
    elsewhere.M2,
    elsewhere.M3,
    reaching.M4,
    elsewhere.M5,
    recovering.M6,
    elsewhere.M7,
    elsewhere.M8,
    completeness.M9,
    denials.M10,
)

_ALL: Final[tuple[Question[Any, Any], ...]] = (
    serving.SERVING,
    training.TRAINED,
    regression.REGRESSED,
    decay.DECAYED,
    rollbacks.ROLLED_BACK,
    datasets.DEPENDS_ON,
    approvals.PENDING,
    emergencies.BROKEN_GLASS,
    reviewing.UNREVIEWED,
    lacking.WITHOUT_CARD,
    lacking.WITHOUT_OWNER,
    lacking.UNSIGNED,
    *SERVICE_LEVELS,
)

QUESTIONS: Final[Mapping[str, Question[Any, Any]]] = {question.name: question for question in _ALL}
