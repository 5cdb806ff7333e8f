"""What the records of what serves come to."""

from dataclasses import replace

from rollbook.domain.completeness import BITS
from rollbook.domain.rulebook import EnvironmentRule, MetadataSchema, Rules
from rollbook.query.complete import figures, productive
from rollbook.readmodel.completeness import ServingRow

FULL = ServingRow(
    model="a/b",
    version=1,
    environment="production",
    owner="ann",
    recorded=BITS["code_commit"] | BITS["metrics"],
    properties={},
    properties_schema=1,
    metadata=MetadataSchema(required=("code_commit", "owner")),
    schema_version=1,
    adapters=({},),
)


def test_a_share_is_of_what_serves() -> None:
    rows = [FULL, replace(FULL, model="a/c", recorded=0), replace(FULL, model="a/d", owner=None)]
    shown = figures("a", 1, ["production"], rows)
    assert (shown.serving, shown.complete, shown.share) == (3, 1, 1 / 3)
    assert {field.field: field.present for field in shown.fields} == {"code_commit": 2, "owner": 2}
    assert [(row.model, row.lacks) for row in shown.lacking] == [
        ("a/c", ["code_commit is missing"]),
        ("a/d", ["owner is missing"]),
    ]


def test_where_nothing_serves_there_is_no_share() -> None:
    shown = figures("a", 0, ["production"], [])
    assert (shown.share, shown.fields, shown.lacking) == (None, [], [])


def test_where_nothing_is_asked_for_everything_is_complete() -> None:
    assert figures("a", 0, ["production"], [replace(FULL, metadata=None)]).share == 1.0


def test_environments_that_count_are_production_and_those_whose_rules_say_so() -> None:
    rules = Rules(
        environments=(
            EnvironmentRule(name="staging"),
            EnvironmentRule(name="eu", metadata=True),
            EnvironmentRule(name="us", protected=True),
        )
    )
    assert productive(rules) == ["eu", "production", "us"]
    assert productive(Rules()) == ["production"]
