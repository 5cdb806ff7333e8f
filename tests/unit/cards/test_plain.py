import pytest
import yaml

from rollbook.cards.plain import read, write
from rollbook.cards.problems import Unreadable


def refused(text: str) -> str:
    with pytest.raises(Unreadable) as caught:
        read(text)
    return str(caught.value)


def test_scalars_are_those_of_yaml_1_2() -> None:
    value = read("[no, on, 12:30, 2026-01-01, 1e-3, 007, +5, -.5, true, ~, null, '1']").value

    expected = ["no", "on", "12:30", "2026-01-01", 0.001, 7, 5, -0.5, True, None, None, "1"]
    assert value == expected


def test_values_know_their_lines() -> None:
    document = read("a:\n  - 1\n  - b: 2\n", first_line=10)

    assert document.line(("a", 1, "b")) == 12
    assert document.line(("a", 7)) == 10
    assert document.line(("z",)) == 10


def test_aliases_are_written_out() -> None:
    assert read("a: &x [1]\nb: *x\n").value == {"a": [1], "b": [1]}


def test_a_text_that_stands_for_a_huge_one_is_refused() -> None:
    laughs = "a0: &a0 [lol]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
    )
    assert "stands for more than 50,000 values" in refused(laughs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("&a [*a]", "line 1: an alias must not contain itself"),
        ("[" * 10_000, "line 1: nested deeper than 40 levels"),
        ("a:\n- !!python/object/apply:os.system [ls]", "line 2: the tag tag:yaml.org,2002:python"),
        ("!!binary aGk=", "cannot be read as binary"),
        ("? [1]\n: 2", "line 1: a name must be text"),
        ("a: 1\n---\nb: 2", "line 2: not YAML: but found another document"),
        ("a: \x07", "line 1: not YAML: special characters are not allowed"),
        ("x" * 600_000, "must have at most 512,000 characters"),
        ("!!int x", "line 1: cannot be read as int"),
    ],
)
def test_what_is_not_plain_is_refused(text: str, message: str) -> None:
    assert message in refused(text)


@pytest.mark.parametrize("text", ["no", "1e5", "12:30", "0x1f", "~", "", "a\nb\n", " a", "# b"])
def test_text_stays_text_for_old_and_new_readers(text: str) -> None:
    written = write({"a": text})

    assert read(written).value == {"a": text}
    assert yaml.safe_load(written) == {"a": text}
