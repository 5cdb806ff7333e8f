from rollbook.domain.queries import (
    MOST_QUERIES,
    MOST_WORDS,
    DropQuery,
    QueryDropped,
    QuerySaved,
    SaveQuery,
    SetSynonyms,
    SynonymsSet,
)
from tests.support import spec

TEXT = 'metrics.auc >= 0.9 and tags.team = "fraud"'
SAVE = SaveQuery(query="good", text=TEXT, order="-metrics.auc", description="What we trust.")
SAVED = QuerySaved(query="good", text=TEXT, order="-metrics.auc", description="What we trust.")

# SaveQuery


def test_a_query_is_saved_under_a_name() -> None:
    spec.given().when(SAVE).does(SAVED)


def test_a_saved_query_can_be_saved_anew() -> None:
    other = SaveQuery(query="good", text="stage = validated")
    spec.given(SAVED).when(other).does(QuerySaved(query="good", text="stage = validated"))


def test_a_namespace_has_so_many_saved_queries_and_no_more() -> None:
    full = [QuerySaved(query=f"q{n}", text=TEXT) for n in range(MOST_QUERIES)]
    spec.given(*full).when(SAVE).refuses("too_many")
    spec.given(*full).when(SaveQuery(query="q7", text="x")).does(QuerySaved(query="q7", text="x"))


def test_saving_a_query_as_it_is_stays_quiet() -> None:
    spec.given(SAVED).when(SAVE).stays_quiet()


# DropQuery


def test_a_saved_query_is_dropped() -> None:
    spec.given(SAVED).when(DropQuery(query="good")).does(QueryDropped(query="good"))


def test_dropping_a_query_that_is_not_there_stays_quiet() -> None:
    spec.given(SAVED, QueryDropped(query="good")).when(DropQuery(query="good")).stays_quiet()


# SetSynonyms


def test_words_that_mean_the_same_are_set_in_lower_case_each_once_in_order() -> None:
    spec.given().when(
        SetSynonyms(word="Churn", same=("lapse", "Attrition", "lapse", "churn"))
    ).does(SynonymsSet(word="churn", same=("attrition", "lapse")))


def test_a_word_stands_for_itself_again() -> None:
    past = SynonymsSet(word="churn", same=("attrition",))
    spec.given(past).when(SetSynonyms(word="churn")).does(SynonymsSet(word="churn"))


def test_a_namespace_has_so_many_words_with_synonyms_and_no_more() -> None:
    full = [SynonymsSet(word=f"w{n}", same=("x",)) for n in range(MOST_WORDS)]
    spec.given(*full).when(SetSynonyms(word="churn", same=("lapse",))).refuses("too_many")
    spec.given(*full).when(SetSynonyms(word="w7", same=("y",))).does(
        SynonymsSet(word="w7", same=("y",))
    )


def test_setting_synonyms_that_hold_already_stays_quiet() -> None:
    past = SynonymsSet(word="churn", same=("attrition", "lapse"))
    again = SetSynonyms(word="churn", same=("lapse", "attrition"))
    spec.given(past).when(again).stays_quiet()
    spec.given(past, SynonymsSet(word="churn")).when(SetSynonyms(word="churn")).stays_quiet()
