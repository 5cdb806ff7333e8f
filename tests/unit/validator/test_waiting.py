from datetime import timedelta

from rollbook.validator.waiting import FIRST_PAUSE, LONGEST_PAUSE, Waiting
from tests.unit.validator.rows import NOW, occasion

ONE, TWO = occasion(), occasion(version=2)
ELSEWHERE = occasion(model="other/churn")


def waiting(*occasions: object) -> Waiting:
    made = Waiting()
    made.add(occasions)  # type: ignore[arg-type]
    return made


def test_the_oldest_come_first_and_none_twice() -> None:
    made = waiting(ONE, TWO, ONE)
    assert made.begin(NOW, 1) == [ONE]
    made.add([ONE])
    assert made.begin(NOW, 9) == [TWO]
    assert made.begin(NOW, 9) == []
    assert len(made) == 2


def test_what_is_over_is_forgotten() -> None:
    made = waiting(ONE)
    made.begin(NOW, 1)
    made.over(ONE)
    assert len(made) == 0


def test_what_was_put_off_comes_again_later() -> None:
    made = waiting(ONE)
    made.begin(NOW, 1)
    made.put_off(ONE, NOW + timedelta(seconds=2))
    assert made.begin(NOW, 1) == []
    assert made.begin(NOW + timedelta(seconds=2), 1) == [ONE]


def test_where_we_may_not_speak_the_whole_namespace_waits_longer_and_longer() -> None:
    made = waiting(ONE, TWO, ELSEWHERE)
    assert made.begin(NOW, 1) == [ONE]
    made.refused(ONE, NOW)
    assert made.begin(NOW, 9) == [ELSEWHERE]
    later = NOW + FIRST_PAUSE
    assert made.begin(later, 1) == [TWO]
    made.refused(TWO, later)
    assert made.begin(later + FIRST_PAUSE, 9) == []
    assert made.begin(later + 2 * FIRST_PAUSE, 9) == [ONE, TWO]
    for _ in range(30):
        made.refused(ONE, later)
    assert made.begin(later + LONGEST_PAUSE, 1) != []


def test_once_we_are_heard_there_nobody_waits() -> None:
    made = waiting(ONE, TWO)
    made.begin(NOW, 1)
    made.refused(ONE, NOW)
    made.over(ONE)
    assert TWO in made.begin(NOW, 9)
