"""Every occasion to look at a version has its one verdict, whatever becomes of the validators."""

import random
from pathlib import Path

from tests.integration.query.system import Caller, calling, until
from tests.integration.validator.checking import (
    ACCURATE,
    Tables,
    outcomes,
    reasons,
    register,
    save,
    settled,
    verdicts,
)


def test_a_registered_version_gets_its_verdict(tables: Tables, caller: Caller) -> None:
    with tables.watched() as validator:
        until(lambda: validator.ready)
        save(caller, ACCURATE)
        register(caller, 1)
        register(caller, 2, accuracy=0.5)
        good, bad = sorted(settled(caller, 2), key=lambda found: found["data"]["version"])
    assert (good["type"], good["data"]["policy"]) == ("VersionValidated", "release@1")
    assert (bad["type"], outcomes(bad)) == ("VersionRejected", {"accurate": "failed"})
    assert "0.5" in reasons(bad)["accurate"]
    assert good["actor"] == "account:rollbook/validator"
    assert caller.read("/versions/1").json()["stage"] == "validated"


def test_where_no_policy_applies_nothing_happens(tables: Tables, caller: Caller) -> None:
    save(caller, ACCURATE, models=["something-else"])
    register(caller)
    caller.done("StartValidation", {"version": 1})
    with calling(tables.system) as other, tables.watched():
        other.done("RegisterModel", {})
        save(other, ACCURATE)
        register(other)
        settled(other)
    assert verdicts(caller) == []


def test_what_was_registered_while_no_validator_ran_is_looked_at_later(
    tables: Tables, caller: Caller
) -> None:
    register(caller, 1)  # before the policy: nobody asked for it
    save(caller, ACCURATE)
    register(caller, 2)
    with tables.watched():
        (verdict,) = settled(caller)
        register(caller, 3)
        settled(caller, 2)
    assert verdict["data"]["version"] == 2
    assert sorted(found["data"]["version"] for found in verdicts(caller)) == [2, 3]


def test_somebody_may_ask_for_another_look(tables: Tables, caller: Caller) -> None:
    save(caller, ACCURATE)
    register(caller)
    with tables.watched():
        settled(caller)
        caller.done("StartValidation", {"version": 1})
        settled(caller, 2)
    caller.done("StartValidation", {"version": 1})
    with tables.watched():
        settled(caller, 3)


def test_a_policy_that_says_so_looks_at_all_versions_again(tables: Tables, caller: Caller) -> None:
    for number in (1, 2):
        register(caller, number, accuracy=0.9 + number / 100)
    with tables.watched() as validator:
        until(lambda: validator.ready)
        save(caller, ACCURATE, revalidate="all")
        settled(caller, 2)
        save(caller, ACCURATE | {"least": 0.915}, revalidate="all")
        settled(caller, 4)
    found = {v["data"]["version"]: v["type"] for v in verdicts(caller)[2:]}
    assert found == {1: "VersionRejected", 2: "VersionValidated"}
    with tables.watched() as validator:  # a restart finds that all was said
        until(lambda: validator.ready)
        register(caller, 3)
        settled(caller, 5)
    assert len(verdicts(caller)) == 5


def test_a_policy_may_look_only_at_what_serves(tables: Tables, caller: Caller) -> None:
    for number in (1, 2):
        register(caller, number)
    caller.done("PromoteVersion", {"version": 2, "environment": "production"})
    with tables.watched():
        save(caller, ACCURATE, revalidate="serving")
        register(caller, 3)
        settled(caller, 2)
    assert sorted(v["data"]["version"] for v in verdicts(caller)) == [2, 3]


def test_a_gate_that_is_bound_to_an_environment_bars_only_that(
    tables: Tables, caller: Caller
) -> None:
    save(caller, ACCURATE | {"environments": ["production"]})
    register(caller, accuracy=0.2)
    with tables.watched():
        (verdict,) = settled(caller)
    assert verdict["type"] == "VersionValidated"
    assert verdict["data"]["barred"] == {"production": ["accurate"]}


def test_what_cannot_be_measured_is_no_pass(tables: Tables, caller: Caller) -> None:
    save(caller, {"gate": "bytes", "kind": "artifact", "retries": 0})
    register(caller)
    with tables.watched():
        (verdict,) = settled(caller)
    assert (verdict["type"], outcomes(verdict)) == ("VersionRejected", {"bytes": "error"})
    assert "upload" in reasons(verdict)["bytes"]


def test_two_validators_give_one_verdict(tables: Tables, caller: Caller) -> None:
    save(caller, ACCURATE)
    with tables.watched(), tables.watched():
        for number in range(1, 11):
            register(caller, number)
        settled(caller, 10)
    with tables.watched() as validator:
        until(lambda: validator.ready)
        register(caller, 11)
        settled(caller, 11)
    assert sorted(v["data"]["version"] for v in verdicts(caller)) == list(range(1, 12))


def test_killed_at_any_moment_every_version_has_its_one_verdict(
    tables: Tables, caller: Caller, tmp_path: Path
) -> None:
    save(caller, ACCURATE)
    chance = random.Random(5)
    for number in range(1, 11):
        register(caller, number)
    for round_ in range(2):
        seen = len(verdicts(caller)) + chance.randrange(1, 4)
        with tables.process(tmp_path / f"{round_}.log"):
            settled(caller, min(seen, 10))  # killed as soon as it has got so far
    with tables.process(tmp_path / "last.log"):
        settled(caller, 10)
        register(caller, 11)
        settled(caller, 11)
    assert sorted(v["data"]["version"] for v in verdicts(caller)) == list(range(1, 12))
