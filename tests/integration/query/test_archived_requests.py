"""What was asked for a version is closed with it, in the tables as in the state."""

from tests.integration.query.system import Caller

ASK = {"version": 1, "reason": "better", "reviewers": {"legal": 1}}


def test_archiving_a_version_closes_all_that_was_asked_for_it(caller: Caller) -> None:
    caller.done("RegisterModel", {})
    caller.version()
    caller.version("sha256:" + "b" * 64)
    for asked in ({"environment": "staging"}, {"environment": "production"}, {"version": 2}):
        caller.done("RequestPromotion", ASK | asked)
    done = caller.done("ArchiveVersion", {"version": 1, "reason": "leaked labels"})
    shown = caller.read("/requests", min_position=done["position"]).json()["items"]
    assert {row["request"]: (row["state"], row["closed_reason"]) for row in shown} == {
        1: ("withdrawn", "version 1 was archived: leaked labels"),
        2: ("withdrawn", "version 1 was archived: leaked labels"),
        3: ("open", None),
    }
    late = caller.send("WithdrawPromotion", {"request": 1, "reason": "x"})
    assert late.json()["code"] == "closed"
