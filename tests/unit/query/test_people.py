from datetime import timedelta

from pydantic import SecretStr

from rollbook.identity.oidc import Called, called
from rollbook.query.people import AGAIN, WAITING, People
from rollbook.query.tables import Tables
from tests.integration.access.secured import person

ADA = Called("Ada L.", "ada@example.org")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def people(clock: Clock) -> People:
    """Nothing writes: it was not started."""
    tables = Tables(SecretStr("postgresql://h/d"), "s", within=timedelta(seconds=1), connections=1)
    return People(tables, clock=clock)


def test_somebody_is_noted_once_an_hour() -> None:
    clock = Clock()
    noting = people(clock)
    assert noting.due("ann")
    noting.note("ann", ADA)
    assert not noting.due("ann")
    assert noting.due("bob")
    clock.now = AGAIN
    assert noting.due("ann")


def test_of_whom_nothing_is_said_nothing_is_noted() -> None:
    noting = people(Clock())
    noting.note("ann", Called())
    assert noting.due("ann")


def test_a_crowd_makes_nobody_wait_and_who_was_passed_over_comes_again() -> None:
    noting = people(Clock())
    for number in range(WAITING + 1):
        noting.note(f"p{number}", ADA)
    assert not noting.due(f"p{WAITING - 1}")
    assert noting.due(f"p{WAITING}")


def test_names_that_are_no_plain_text_are_passed_over() -> None:
    assert called(person(name="Ada L.", email="ada@example.org")) == ADA
    for odd in (7, "", "x" * 251, "a\nb", ["ada"], "\ud800"):
        assert called(person(name=odd)) == Called()
    assert called(person(email="ada@example.org", email_verified=False)) == Called()
