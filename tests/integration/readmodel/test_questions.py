"""Whatever happened: named questions are answered as plain Python does, as of any moment."""

import asyncio
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rollbook.domain.cards import ReviewCard, WriteCard
from rollbook.domain.catalog import AssignOwner, RegisterModel
from rollbook.domain.environments import (
    BreakGlass,
    PromoteVersion,
    ReviewBreakGlass,
    RollBackVersion,
)
from rollbook.domain.evaluations import Evaluation, Measure, RecordEvaluation
from rollbook.domain.requests import RequestPromotion, WithdrawPromotion
from rollbook.domain.rules import SetMetadataSchema
from rollbook.domain.streams import StreamCommand
from rollbook.domain.versions import ArchiveVersion, RegisterVersion, SetProperties
from rollbook.eventlog.position import Position
from rollbook.readmodel.questions.question import Shape
from rollbook.readmodel.questions.then import Then
from tests.integration.readmodel import folding
from tests.integration.readmodel.folding import Row, Told, fold
from tests.integration.readmodel.questioning import Asker, asking
from tests.integration.readmodel.shown import shown
from tests.support import commands
from tests.support.commands import Step, World, governed_worlds, live, worlds
from tests.support.spec import NOW
from tests.support.stack import Cluster
from tests.unit.projector.books import Book

KEY = "team/churn"

some = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example makes its own tables
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def measured(kind: str, **metrics: float) -> Evaluation:
    return Evaluation(metrics={k: Measure(value=v) for k, v in metrics.items()}, kind=kind)


aucs = st.sampled_from([0.5, 0.9, 0.93, 1.0])
register = st.builds(
    lambda command, auc: command.model_copy(update={"metrics": {**command.metrics, "auc": auc}}),
    commands.MODEL_COMMANDS[RegisterVersion],
    aucs,
)
measure = st.builds(
    RecordEvaluation,
    version=st.sampled_from([1, 1, 2]),
    evaluation=st.builds(
        measured,
        st.sampled_from(["production", "production", "offline"]),
        auc=aucs,
        log_loss=st.sampled_from([0.1, 0.2]),
    ),
)
moves: st.SearchStrategy[StreamCommand] = st.one_of(
    st.builds(PromoteVersion, version=commands.few),
    st.builds(PromoteVersion, version=commands.few),
    st.builds(RollBackVersion, reason=commands.reasons),
    st.builds(BreakGlass, version=commands.few, reason=commands.reasons),
    st.builds(
        ReviewBreakGlass, number=commands.few, verdict=st.just("justified"), note=st.just("n")
    ),
    measure,
    measure,
    measure,
    commands.MODEL_COMMANDS[WriteCard],
    commands.MODEL_COMMANDS[ReviewCard],
    commands.MODEL_COMMANDS[AssignOwner],
    st.builds(RequestPromotion, version=commands.few, reason=st.just("better")),
    st.builds(WithdrawPromotion, request=commands.few, reason=commands.reasons),
    st.builds(ArchiveVersion, version=commands.few, reason=commands.reasons),
    commands.NAMESPACE_COMMANDS[SetMetadataSchema],
    commands.MODEL_COMMANDS[SetProperties],
)
steps = st.builds(Step, moves, st.sampled_from(["ada", "account:team/ci"]), commands.waits)
busy_worlds: st.SearchStrategy[World] = st.builds(
    lambda versions, rest: live([*versions, *rest]),
    st.lists(register.map(lambda command: Step(command, "pia")), min_size=2, max_size=3).map(
        lambda versions: [Step(RegisterModel(), "pia"), *versions]
    ),
    st.lists(steps, min_size=20, max_size=40),
)
"""Worlds in which much comes to serve and goes."""


def told(world: World) -> Book:
    book = Book()
    book.claims()
    book.tells(world, KEY)
    return book


def answers(past: Told, then: Then) -> dict[tuple[str, str], list[Row]]:
    """What plain Python answers to each question, with its parameters."""
    since, early = then.time - timedelta(days=30), NOW + timedelta(days=2)
    return {
        ("serving", ""): folding.serving(past),
        ("trained-before", "date=" + early.isoformat()): folding.trained_before(past, early),
        ("regressed", ""): folding.regressed(past, since, "production"),
        ("decayed", ""): folding.decayed(past, "production", 0.05),
        ("rolled-back", ""): folding.rolled_back(past, since),
        ("depends-on", "dataset=s3://data/d"): folding.depends_on(past, "s3://data/d"),
        ("depends-on", "dataset=x"): folding.depends_on(past, "https://h/x"),
        ("pending-approvals", ""): folding.pending(past),
        ("broken-glass-unreviewed", ""): folding.unreviewed_glasses(past),
        ("unreviewed-cards", ""): folding.unreviewed_cards(past, then.time),
        ("without-card", ""): folding.lacking(past, "without-card"),
        ("without-owner", ""): folding.lacking(past, "without-owner"),
        ("unsigned", ""): folding.lacking(past, "unsigned"),
    }


async def check(ask: Asker, past: Told, then: Then) -> None:
    for (name, parameter), wanted in answers(past, then).items():
        parameters = dict([parameter.split("=", 1)]) if parameter else {}
        for page in (1000, 1):
            found = await ask(name, then, page=page, **parameters)
            assert columns(found, wanted) == wanted, name
    stood, made = folding.deployments(past, then.time - timedelta(days=28))
    everything, *_ = await ask("slo-m1", then)
    assert (everything.numerator, everything.denominator) == (stood, made)
    (records,) = await ask("slo-m9", then)
    assert (records.numerator, records.denominator) == folding.complete(past)


def columns(found: list[Shape], wanted: list[Row]) -> list[Row]:
    """What the rows say in the columns that are compared."""
    names = wanted[0].keys() if wanted else ()
    return [{name: getattr(row, name) for name in names} for row in found]


@some
@given(busy_worlds | busy_worlds | worlds | governed_worlds, st.data())
def test_every_question_is_answered_as_plain_python_answers_it(
    cluster: Cluster, world: World, data: st.DataObject
) -> None:
    happened = world.happened
    ends = data.draw(st.sets(st.integers(0, len(happened)), max_size=3))

    async def run() -> None:
        async with shown(cluster, told(world)) as db, asking(cluster, db) as ask:
            await check(ask, fold(happened), await ask.now(world.time))
            for end in ends:
                then = await ask.at(Position(0, end))
                await check(ask, fold(happened[:end]), then)
                until = [one for one in happened if one.context.time <= then.time]
                await check(ask, fold(until), await ask.at(then.time))

    asyncio.run(run())
