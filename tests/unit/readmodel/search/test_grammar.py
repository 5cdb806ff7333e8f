"""Queries are read as they were written, and what is wrong is said where it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.readmodel.search.check import read
from rollbook.readmodel.search.errors import InvalidQueryError
from rollbook.readmodel.search.grammar import parse
from rollbook.readmodel.search.tree import (
    EVERYTHING,
    Among,
    And,
    Compare,
    Has,
    Not,
    Or,
    Phrase,
    Tree,
    Value,
    Word,
    write,
)
from tests.unit.readmodel.search.queries import trees

AUC = Compare("metrics.auc", ">=", Value("0.9"))
TEAM = Compare("tags.team", "=", Value("fraud", quoted=True))


@given(trees)
def test_a_query_is_read_as_it_is_written(tree: Tree) -> None:
    assert parse(write(tree)) == tree


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_at_a_column(text: str) -> None:
    try:
        read(text)
    except InvalidQueryError as error:
        column = error.column
    else:
        column = 1
    assert 1 <= column <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", EVERYTHING),
        ("  ", EVERYTHING),
        ("fraud", Word("fraud")),
        ('"late payments"', Phrase("late payments")),
        ('metrics.auc >= 0.9 and tags.team = "fraud"', And((AUC, TEAM))),
        ('metrics.auc>=0.9 tags.team="fraud"', And((AUC, TEAM))),
        ("a or b c", Or((Word("a"), And((Word("b"), Word("c")))))),
        ("(a or b) c", And((Or((Word("a"), Word("b"))), Word("c")))),
        ("NOT a AND b", And((Not(Word("a")), Word("b")))),
        ("android orders nothing", And((Word("android"), Word("orders"), Word("nothing")))),
        ("trained_before(2026-03-15)", Compare("trained", "<", Value("2026-03-15"))),
        ("owner:*", Has("owner")),
        ("has(owner)", Has("owner")),
        ("stage:validated", Compare("stage", "=", Value("validated"))),
        ("stage in (a, b)", Among("stage", (Value("a"), Value("b")))),
        ("stage not in (a)", Not(Among("stage", (Value("a"),)))),
        ('metrics."val auc" > 1', Compare('metrics."val auc"', ">", Value("1"))),
        ("model = payments/*", Compare("model", "=", Value("payments/*"))),
        ("digest = sha256:00", Compare("digest", "=", Value("sha256:00"))),
        ("models in production", And((Word("models"), Word("in"), Word("production")))),
    ],
)
def test_a_query_says(text: str, tree: Tree) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("metrics.auc >= ", 16, "found the end, expected a text in quotes or a value"),
        ("metrics.auc == 1", 14, "found '=', expected a text in quotes or a value"),
        ("metrics.auc >= good", 16, "found 'good', expected a number: metrics.auc is one"),
        ("tags.build = 7", 14, 'found the number 7, expected a text: tags.build is one; write "7"'),
        ("stage > validated", 1, "found >, expected = or !=: stage is a text"),
        ("params.lr > low", 1, "found >, expected = or !=: params.lr is compared with a text here"),
        ("created > soon", 11, "found 'soon', expected a time"),
        ("created > 2026-13-01", 11, "found '2026-13-01', expected a time"),
        ("a and metric.auc > 1", 7, "there is no field metric.auc: did you mean metrics.auc?"),
        ("ower = ann", 1, "there is no field ower: did you mean owner?"),
        ("tags. = x", 1, "there is no field tags."),
        ("trained_befor(2026-01-01)", 1, "did you mean trained_before?"),
        ("has(a, b)", 1, "has takes one value, not 2"),
        ("(a or b", 8, "found the end, expected ')'"),
        ("a)", 2, "found ')'"),
        ('a "b', 3, "found quotes that nothing ends"),
        ("a = 'b'", 5, "texts stand between double quotes"),
        ('x"y"', 1, "a space before the quotes"),
        ('tags.a = x"y"', 10, "quotes belong around a whole value"),
        ("a \x00", 3, "found NUL"),
        ("metrics.auc > 1e999", 15, "1e999 is too large"),
        ("not " * 40 + "a", 37, "at most 30 levels deep"),
        ("(" * 50 + "a" + " or b) and c" * 50, 1, "at most 30 levels deep"),
        ("a " * 101, 1, "at most 100 conditions and words"),
        ("a" * 4001, 4001, "at most 4000 characters"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(text: str, column: int, message: str) -> None:
    with pytest.raises(InvalidQueryError) as found:
        read(text)
    assert found.value.column == column
    assert message in found.value.message
