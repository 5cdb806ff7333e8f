from rollbook.domain.rulebook import EnvironmentRule, MetadataSchema, Rules
from rollbook.domain.rules import MetadataSchemaSet, RulesSet, SetMetadataSchema, SetRules
from tests.support import spec

RULES = Rules(environments=(EnvironmentRule(name="production", protected=True),))
TYPED = MetadataSchema(properties={"properties": {"gpu": {"type": "boolean"}}})
STEP = MetadataSchema(renamed={f"{n:0>200}": f"x{n:0>200}" for n in range(200)})
FULL = tuple(MetadataSchemaSet(version=n, metadata=STEP) for n in range(1, 51))

# SetRules


def test_rules_are_set_and_counted() -> None:
    spec.given().when(SetRules(rules=RULES)).does(RulesSet(version=1, rules=RULES))
    spec.given(RulesSet(version=1, rules=RULES)).when(SetRules(rules=Rules())).does(
        RulesSet(version=2, rules=Rules())
    )


def test_that_nothing_is_restricted_can_be_said_out_loud() -> None:
    spec.given().when(SetRules(rules=Rules())).does(RulesSet(version=1, rules=Rules()))


def test_rules_that_no_record_could_hold_are_refused() -> None:
    spec.given(*FULL).when(SetRules(rules=RULES)).refuses("too_large")


def test_setting_the_rules_that_hold_stays_quiet() -> None:
    spec.given(RulesSet(version=1, rules=RULES)).when(SetRules(rules=RULES)).stays_quiet(version=1)


# SetMetadataSchema


def test_a_metadata_schema_is_set_and_counted() -> None:
    spec.given().when(SetMetadataSchema(metadata=TYPED)).does(
        MetadataSchemaSet(version=1, metadata=TYPED)
    )


def test_what_is_no_json_schema_is_refused() -> None:
    for wrong in (
        {"type": "objekt"},
        {"properties": {"a": {"pattern": "("}}},
        {"properties": {"a": {"pattern": "(?=a)"}}},
        {"$ref": "#/$defs/a", "$defs": {"a": {}}},
        {"allOf": [{"$ref": "https://h/x"}]},
        {"$dynamicRef": "#a"},
        {"description": "x" * 70_000},
    ):
        schema = MetadataSchema.model_validate({"properties": wrong})
        spec.given().when(SetMetadataSchema(metadata=schema)).refuses("invalid_schema")


def test_a_schema_that_is_nested_too_deep_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(60):
        deep = {"not": deep}
    schema = MetadataSchema.model_validate({"properties": deep})
    spec.given().when(SetMetadataSchema(metadata=schema)).refuses("invalid_schema")


def test_a_property_may_have_any_name() -> None:
    schema = MetadataSchema(properties={"properties": {"$ref": {"type": "string"}}})
    spec.given().when(SetMetadataSchema(metadata=schema)).does(
        MetadataSchemaSet(version=1, metadata=schema)
    )


def test_setting_the_metadata_schema_that_holds_stays_quiet() -> None:
    spec.given(MetadataSchemaSet(version=1, metadata=TYPED)).when(
        SetMetadataSchema(metadata=TYPED)
    ).stays_quiet(version=1)
