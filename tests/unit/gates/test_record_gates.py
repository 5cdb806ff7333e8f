from tests.unit.gates.made import gate, judged, outcome


def test_metadata_that_is_there_passes() -> None:
    asked = gate("metadata", required=["run_id", "metrics", "owner"])
    assert outcome(asked, recorded=["run_id"], metrics={"auc": 1.0}, owner="ann") == "passed"


def test_metadata_that_lacks_something_fails_and_names_it() -> None:
    result = judged(gate("metadata", required=["run_id", "owner"]))
    assert (result.outcome, result.reason) == ("failed", "the record lacks run_id, owner")


def test_the_schema_of_the_namespace_counts_unless_the_gate_says_otherwise() -> None:
    schema = {
        "required": ["pii"],
        "properties": {"type": "object", "required": ["team"]},
    }
    result = judged(gate("metadata", missing="skip"), schema=schema)
    assert result.outcome == "failed"
    assert "pii is missing" in result.reason
    assert outcome(gate("metadata", by_schema=False), schema=schema) == "passed"


def test_a_card_with_its_sections_passes() -> None:
    assert outcome(gate("card", sections=["ethics"]), sections=["summary", "ethics"]) == "passed"


def test_a_card_without_a_section_fails() -> None:
    result = judged(gate("card", sections=["ethics", "summary"]), sections=["summary"])
    assert (result.outcome, result.reason) == ("failed", "the model card lacks ethics")


def test_no_card_is_missing_and_a_stale_one_is_not() -> None:
    assert outcome(gate("card", missing="skip")) == "skipped"
    assert outcome(gate("card", missing="skip"), sections=["summary"], stale=True) == "failed"


def test_terms_that_are_allowed_pass() -> None:
    asked = gate("terms", licences=["MIT"], pii="personal", consent=True)
    terms = {"licence": "MIT", "pii": "personal", "consent": "contract 12"}
    assert outcome(asked, terms=terms) == "passed"


def test_each_term_that_is_not_allowed_is_told() -> None:
    asked = gate("terms", licences=["MIT"], pii="none", consent=True)
    result = judged(asked, terms={"licence": "GPL-3.0", "pii": "sensitive"})
    assert result.outcome == "failed"
    assert "its licence is GPL-3.0; allowed are MIT" in result.reason
    assert "sensitive data is in it, and at most none may be" in result.reason
    assert "what its use rests on" in result.reason


def test_terms_that_nobody_named_are_missing() -> None:
    result = judged(gate("terms", pii="none"))
    assert result.outcome == "failed"
    assert "does not say under which licence it is and what personal data" in result.reason
