import re
from pathlib import Path

from rollbook.readmodel.search import check, facets, fields
from tests.bench.asked import EXAMPLES

PAGE = Path(__file__).parents[2] / "docs/how-to/search.md"


def test_the_documented_examples_are_those_that_are_measured() -> None:
    block = re.search(r"^```text examples\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert block is not None
    assert block[1].splitlines() == list(map(str, EXAMPLES))


def test_the_documented_examples_mean_something() -> None:
    for query, order, counted in EXAMPLES:
        check.read(query)
        fields.order(order or fields.NEWEST.name)
        facets.fields(counted.split(",") if counted else [])
