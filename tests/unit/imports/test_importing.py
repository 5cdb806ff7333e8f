from rollbook.domain.catalog import RegisterModel
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.lineage import Artifact
from rollbook.domain.versions import RegisterVersion
from rollbook.imports.importing import Answer, Progress, carry_out
from rollbook.imports.plan import Entry, Plan, Skipped
from tests.unit.imports.desk import Desk

MODEL = "team/fraud"
ARTIFACT = Artifact(uri="s3://a/b", digest="sha256:" + "0" * 64)
OTHER = Artifact(uri="s3://a/c", digest="sha256:" + "1" * 64)
MODEL_PLAN = Plan(MODEL, RegisterModel(), "x:fraud")
FIRST = Plan(MODEL, RegisterVersion(artifact=ARTIFACT, idempotency_key="k"), "x:fraud/7", None, "7")
PROMOTE = Plan(MODEL, PromoteVersion(version=1), "x:fraud/7#stage", None, "7")


def test_commands_are_about_the_number_that_the_registry_gave() -> None:
    desk = Desk()
    desk.send(Plan(MODEL, RegisterModel(), "by hand"))
    desk.send(Plan(MODEL, RegisterVersion(artifact=OTHER), "by hand/1"))

    report = desk.take([MODEL_PLAN, FIRST, PROMOTE])

    assert report.numbers == {(MODEL, "7"): 2}
    assert desk.models[MODEL].serving("production") == 2
    assert [type(plan.command) for plan in report.known] == [RegisterModel]


def test_a_model_that_is_there_with_other_words_takes_the_versions_all_the_same() -> None:
    desk = Desk()
    desk.send(Plan(MODEL, RegisterModel(description="ours"), "by hand"))
    theirs = Plan(MODEL, RegisterModel(description="theirs"), "x:fraud")

    report = desk.take([theirs, FIRST])

    assert len(report.imported) == 1
    assert desk.models[MODEL].description == "ours"


def test_what_leans_on_a_refused_version_is_left_out() -> None:
    desk = Desk()
    desk.take([MODEL_PLAN, FIRST])
    command = RegisterVersion(artifact=OTHER, idempotency_key="k")
    changed = Plan(MODEL, command, "x:fraud/8", None, "8")
    promote = Plan(MODEL, PromoteVersion(version=2), "x:fraud/8#stage", None, "8")

    report = desk.take([changed, promote])

    assert [(skipped.what, skipped.reason[:20]) for skipped in report.skipped] == [
        ("RegisterVersion of version 8", "idempotency key 'k' "),
        ("PromoteVersion of version 8", "that version is not "),
    ]


def test_a_model_that_is_refused_takes_all_of_its_own_with_it_and_no_other() -> None:
    def send(plan: Plan) -> Answer:
        if plan.model == MODEL:
            return Answer("refused", None, "bad_name", "names must match 'x'")
        return Answer("accepted", 1)

    other = Plan("team/other", RegisterModel(), "x:other")
    report = carry_out([MODEL_PLAN, FIRST, other], send, lambda _: {}, lambda _: None)

    assert [skipped.reason for skipped in report.skipped] == [
        "names must match 'x' (bad_name)",
        "the model itself was refused",
    ]
    assert report.imported == [other]


def test_progress_is_told_after_each_entry() -> None:
    told: list[Progress] = []
    entries: list[Entry] = [MODEL_PLAN, Skipped(MODEL, "version 1", "it is gone"), FIRST]
    desk = Desk()

    report = carry_out(entries, desk.send, desk.answered, told.append)

    assert [progress.done for progress in told] == [1, 2, 3]
    assert "left out: team/fraud: version 1: it is gone" in report.lines()


def test_an_import_that_was_cut_off_goes_on_where_it_was() -> None:
    desk = Desk()
    desk.take([MODEL_PLAN, FIRST])

    report = desk.take([MODEL_PLAN, FIRST, PROMOTE])

    assert report.imported == [PROMOTE]
    assert len(report.known) == 2
