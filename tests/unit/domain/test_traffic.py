"""What the state of a model says about where traffic goes."""

from datetime import timedelta

from rollbook.domain import traffic
from rollbook.domain.aliases import AliasRemoved
from rollbook.domain.environments import EnvironmentCleared
from rollbook.domain.model import ModelEvent, evolve
from rollbook.domain.plans import Metric, RolloutPlan, Stage
from rollbook.domain.rollouts import RolloutAborted, RolloutAdvanced, RolloutStarted
from rollbook.domain.state import Model
from rollbook.domain.traffic import Pointing, Served, pointing
from tests.support import spec
from tests.support.spec import NOW
from tests.unit.domain.examples import (
    ARTIFACT,
    OTHER_ARTIFACT,
    REGISTERED,
    THREE_VERSIONS,
    V1,
    archived,
    champion,
    promoted,
    rolled_back,
)

MODEL = "team/churn"
FIRST = Served(version=1, digest=ARTIFACT.digest, uri=ARTIFACT.uri, format=None)
SECOND = Served(version=2, digest=OTHER_ARTIFACT.digest, uri=OTHER_ARTIFACT.uri, format=None)


def moved(*events: ModelEvent) -> set[str]:
    """What the last event moved."""
    before = spec.fold(*events[:-1])
    return set(traffic.moved(before, evolve(before, events[-1])))


def test_a_promotion_moves_its_environment() -> None:
    assert moved(REGISTERED, V1, promoted(1)) == {"@production"}
    assert moved(REGISTERED, V1, promoted(1), promoted(1, environment="eu.1")) == {"@eu.1"}


def test_roll_backs_and_clearing_move_their_environment() -> None:
    stood = (*THREE_VERSIONS, promoted(1), promoted(2, 1))
    assert moved(*stood, rolled_back(2, 1)) == {"@production"}
    cleared = EnvironmentCleared(version=2, environment="production", reason="over")
    assert moved(*stood, cleared) == {"@production"}


def test_aliases_move_by_themselves() -> None:
    assert moved(REGISTERED, V1, champion(1)) == {":champion"}
    gone = AliasRemoved(alias="champion", version=1)
    assert moved(REGISTERED, V1, champion(1), gone) == {":champion"}


def test_what_moves_no_traffic_is_seen_to_move_nothing() -> None:
    assert moved(REGISTERED) == moved(REGISTERED, V1) == set()
    assert moved(*THREE_VERSIONS, promoted(1), promoted(2, 1), archived(1)) == set()


def test_what_serves_and_what_a_roll_back_would_restore_can_be_loaded_from_the_record() -> None:
    state = spec.fold(*THREE_VERSIONS, promoted(1), promoted(2, 1))
    assert pointing(MODEL, state, "@production", "3:7") == {
        "schema": 1,
        "model": MODEL,
        "environment": "production",
        "alias": None,
        "position": "3:7",
        "serves": SECOND,
        "before": FIRST,
        "rollout": None,
    }


def test_an_alias_has_nothing_before() -> None:
    state = spec.fold(REGISTERED, V1, champion(1))
    found = pointing(MODEL, state, ":champion", "0:1")
    assert found is not None
    assert (found["alias"], found["environment"]) == ("champion", None)
    assert (found["serves"], found["before"]) == (FIRST, None)


def test_where_nothing_stands_there_is_no_record() -> None:
    assert pointing(MODEL, Model(), "@production", "0:1") is None
    assert pointing(MODEL, spec.fold(REGISTERED, V1), ":champion", "0:1") is None


def test_an_environment_and_an_alias_of_one_name_are_two_records() -> None:
    state = spec.fold(*THREE_VERSIONS, promoted(2, environment="champion"), champion(1))
    one, other = (pointing(MODEL, state, end, "0:1") for end in ("@champion", ":champion"))
    assert one is not None
    assert other is not None
    assert (one["serves"], other["serves"]) == (SECOND, FIRST)


PLAN = RolloutPlan(
    steps=(Stage(weight=20), Stage(weight=50, mirror=10)),
    metrics=(Metric(metric="errors", of="errors", margin=0.01),),
)
STARTED = RolloutStarted(
    rollout=1,
    version=2,
    environment="production",
    baseline=1,
    challengers=(3,),
    plan=PLAN.model_dump(mode="json"),
    digest=PLAN.digest(),
    started_by="rex",
    due=NOW,
    deadline=NOW,
)
ADVANCED = RolloutAdvanced(rollout=1, version=2, environment="production", step=1, due=NOW)
LIVE = (*THREE_VERSIONS, promoted(1), STARTED)


def stands(*events: ModelEvent) -> Pointing:
    found = pointing(MODEL, spec.fold(*events), "@production", "0:1")
    assert found is not None
    return found


def test_each_event_of_a_rollout_moves_its_environment() -> None:
    aborted = RolloutAborted(rollout=1, version=2, environment="production", step=1, reason="worse")
    assert moved(*LIVE) == moved(*LIVE, ADVANCED) == {"@production"}
    assert moved(*LIVE, ADVANCED, aborted) == {"@production"}
    assert stands(*LIVE, aborted)["rollout"] is None


def test_the_arms_of_a_rollout_share_the_weight_of_its_step() -> None:
    found = stands(*LIVE)
    assert found["serves"] == FIRST
    assert found["rollout"] is not None
    assert (found["rollout"]["number"], found["rollout"]["step"]) == (1, 0)
    arms = [(arm["version"], arm["weight"], arm["mirror"]) for arm in found["rollout"]["arms"]]
    assert arms == [(2, 0.1, 0.0), (3, 0.1, 0.0)]
    assert found["rollout"]["arms"][0]["digest"] == SECOND["digest"]


def test_a_rollout_draws_its_units_alike_at_all_its_steps() -> None:
    first, second = stands(*LIVE)["rollout"], stands(*LIVE, ADVANCED)["rollout"]
    assert first is not None
    assert second is not None
    assert first["salt"] == second["salt"]
    assert [(arm["weight"], arm["mirror"]) for arm in second["arms"]] == [(0.25, 0.1)] * 2


def test_what_a_rollout_promoted_serves_and_is_still_said_to_be_of_it() -> None:
    plan = PLAN.model_copy(update={"watch": timedelta(hours=1)})
    started = STARTED.model_copy(
        update={"plan": plan.model_dump(mode="json"), "digest": plan.digest(), "challengers": ()}
    )
    promotion = promoted(2, 1).model_copy(update={"rollout": 1, "watched_until": NOW})
    found = stands(*THREE_VERSIONS, promoted(1), started, ADVANCED, promotion)
    assert found["serves"] == SECOND
    assert found["before"] == FIRST
    assert found["rollout"] is not None
    assert (found["rollout"]["number"], found["rollout"]["step"]) == (1, 1)
    assert found["rollout"]["arms"] == []
