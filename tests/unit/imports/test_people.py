from collections.abc import Callable

from rollbook.domain.environments import PromoteVersion
from rollbook.domain.lineage import Artifact
from rollbook.domain.versions import RegisterVersion
from rollbook.imports.people import Names, People
from rollbook.imports.plan import BY, Plan

ARTIFACT = Artifact(uri="s3://a/b", digest="sha256:" + "0" * 64)
REGISTER = Plan("team/fraud", RegisterVersion(artifact=ARTIFACT), "x:1", None, "1", by="Ada L.")
PROMOTE = Plan("team/fraud", PromoteVersion(version=1), "x:1#stage", None, "1", by="Ada L.")


def vault(kept: list[tuple[str, str]]) -> Callable[[str, str], str]:
    def keep(namespace: str, name: str) -> str:
        kept.append((namespace, name))
        return f"personal:{len(kept)}"

    return keep


def tag(plan: Plan) -> str | None:
    assert isinstance(plan.command, RegisterVersion)
    return plan.command.tags.get(BY)


def test_the_log_gets_a_reference_and_the_vault_a_name_once() -> None:
    kept: list[tuple[str, str]] = []
    names = Names(People.VAULT, vault(kept))

    assert tag(names.told(REGISTER)) == "personal:1"
    assert names.told(PROMOTE).origin == "x:1#stage?by=personal%3A1"
    assert kept == [("team", "Ada L.")]


def test_who_did_it_changes_no_command_s_id() -> None:
    for plan in (REGISTER, PROMOTE):
        ids = {Names(people, vault([])).told(plan).command_id for people in People}
        assert ids == {plan.command_id}


def test_names_are_dropped_or_kept_on_demand_and_the_vault_gets_none() -> None:
    kept: list[tuple[str, str]] = []

    assert Names(People.DROP, vault(kept)).told(REGISTER) == REGISTER
    assert tag(Names(People.KEEP, vault(kept)).told(REGISTER)) == "Ada L."
    assert kept == []


def test_what_names_nobody_is_taken_as_it_is() -> None:
    kept: list[tuple[str, str]] = []
    machine = Plan("team/fraud", REGISTER.command, "x:1", None, "1", by="account:team/ci")

    assert tag(Names(People.VAULT, vault(kept)).told(machine)) == "account:team/ci"
    assert kept == []
