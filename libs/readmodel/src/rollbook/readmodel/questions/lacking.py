"""What serves although something is missing: a card, an owner, a signature."""

from collections.abc import Callable
from datetime import datetime

from rollbook.domain.names import EnvironmentName
from rollbook.readmodel.questions.question import Listed, Parameters, Question, Select, Shape
from rollbook.readmodel.questions.then import ENDS, Then
from rollbook.readmodel.questions.usage import owner


class LackingParameters(Parameters):
    """What the questions take."""

    environment: EnvironmentName = "production"
    """Where it serves."""


class Lacking(Shape):
    """A version that serves, and lacks it."""

    model: str
    environment: str
    version: int
    owner: str | None
    since: datetime
    """When it came to serve."""
    by: str
    """Who let it serve."""
    action: str
    """How: `VersionPromoted`, `VersionRolledBack` or `GlassBroken`."""


def _where(condition: Callable[[Then], str]) -> Callable[[LackingParameters, Then], Select]:
    def select(asked: LackingParameters, then: Then) -> Select:
        sql = (
            f"SELECT e.model, e.environment, e.version, {owner('e', then)} AS owner, e.since,"  # noqa: S608  # our names
            f" e.actor AS by, e.action FROM environments e JOIN {ENDS} ON o.partition = e.partition"
            f" WHERE e.off <= o.last AND {then.stands('e')} AND e.environment = $4::text"
            f" AND {condition(then)}"
        )
        return sql, [asked.environment]

    return select


def _question(
    name: str, meaning: str, condition: Callable[[Then], str]
) -> Question[LackingParameters, Lacking]:
    return Question(
        name=name,
        meaning=meaning,
        parameters=LackingParameters,
        row=Lacking,
        answer=Listed(
            row=Lacking, sql=_where(condition), order={"model": "text", "environment": "text"}
        ),
    )


def _no_card(_: Then) -> str:
    return (
        "NOT EXISTS (SELECT FROM cards c WHERE (c.model, c.version) = (e.model, e.version)"
        " AND c.off <= o.last)"
    )


WITHOUT_CARD = _question("without-card", "What serves without a model card.", _no_card)
WITHOUT_OWNER = _question(
    "without-owner",
    "What serves although nobody owns the model.",
    lambda then: f"{owner('e', then)} IS NULL",
)
UNSIGNED = _question(
    "unsigned",
    "What serves although nobody signed for its promotion; signatures of artifacts are not in the"
    " log yet.",
    lambda _: "e.approved_by = '[]'",
)
