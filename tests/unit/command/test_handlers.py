from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rollbook.command.handlers import Handlers, Proof
from rollbook.domain.access import Principal
from rollbook.domain.catalog import ModelRegistered, RegisterModel
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.tenancy import Grant, Key, Namespace, Role
from rollbook.eventlog.commands import decode_command, encode_command
from rollbook.eventlog.envelope import CommandEnvelope
from rollbook.eventlog.governance import Governance
from rollbook.eventlog.memory import Stored
from rollbook.eventlog.partition import UNKNOWN_ACTOR, Stream
from rollbook.identity.accounts import mint
from rollbook.identity.statement import About, Gateway, Verifier, by_account
from rollbook.identity.trust import Trust
from tests.support import spec
from tests.unit.domain.examples import REGISTERED

SECRET = "a secret that is long enough for HS256"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
COMMAND_ID = "8d0b7a0e-5f0c-4c53-9d3f-0d2f8a6c1b11"
CI, ADMIN = mint("team", "ci"), mint("rollbook", "admin")
GATEWAY = Gateway(SECRET)
OPEN = Handlers()


def secured(
    *grants: Grant,
    roles: tuple[Role, ...] = (),
    admins: tuple[str, ...] = (),
    app: str = "rollbook",
) -> Handlers:
    """A registry in whose namespace `team` these grants hold and CI's key was issued."""
    governance = Governance()
    key = Key(CI.account, CI.public_key, NOW + timedelta(days=1), roles)
    namespace = Namespace()
    governance.apply(
        "team",
        namespace._replace(
            grants=namespace.grants.update(dict(enumerate(grants, 1))),
            keys=namespace.keys.set(CI.key_id, key),
        ),
        1,
    )
    trust = Trust(admins, ADMIN.public_key)
    verifier = Verifier.of(SECRET)
    return Handlers(governance, Proof(app, verifier, trust, trust.keys(governance.key)))


CLOSED = secured()


def envelope(**more: Any) -> CommandEnvelope:
    return CommandEnvelope(id=COMMAND_ID, model="team/churn", command=RegisterModel(), **more)


def sent(envelope: CommandEnvelope, sign: Any = None) -> CommandEnvelope:
    """The command as it comes out of its topic."""
    key, value, headers = encode_command(envelope, sign)
    return decode_command(Stored(0, key, value, headers, 0))


def by(principal: Principal) -> Any:
    return lambda id_, digest: GATEWAY.speak(principal, About("rollbook", id_, digest), NOW)


def by_ci(id_: str, digest: str) -> str:
    return by_account(CI, About("rollbook", id_, digest), NOW)


def refusal(handlers: Handlers, told: CommandEnvelope) -> str:
    with pytest.raises(Refused) as caught:
        handlers.principal(told, NOW)
    assert caught.value.code == "unauthenticated"
    assert told.token is None or told.token not in caught.value.message
    return caught.value.message


# An open registry


def test_an_open_registry_believes_who_a_sender_says_it_is() -> None:
    assert OPEN.principal(envelope(actor="anna"), NOW) == Principal("anna", everything=True)


def test_an_open_registry_calls_a_sender_without_a_name_anonymous() -> None:
    assert OPEN.principal(envelope(), NOW).subject == "anonymous"


def test_nobody_can_take_the_name_of_the_unknown_sender() -> None:
    """Outcomes of the unknown are not remembered, so that a repeat would be carried out again."""
    assert OPEN.principal(envelope(actor=UNKNOWN_ACTOR), NOW).subject == "anonymous"


def test_an_open_registry_does_not_pretend_to_verify_a_token() -> None:
    assert "ROLLBOOK_TOKEN_SECRET" in refusal(OPEN, envelope(token="x"))


# A secured one


def test_a_machine_s_statement_says_who_sends_whatever_else_is_said() -> None:
    told = sent(envelope(actor="eve"), by_ci)
    assert CLOSED.principal(told, NOW) == Principal("account:team/ci")


def test_the_gateway_says_who_sends() -> None:
    told = sent(envelope(), by(Principal("anna", ("ml-ops",))))
    assert CLOSED.principal(told, NOW) == Principal("anna", ("ml-ops",))


def test_without_a_statement_nobody_is_believed() -> None:
    assert "statement is needed" in refusal(CLOSED, sent(envelope(actor="anna")))


def test_an_account_s_secret_is_no_statement_and_is_told_to_be_lost() -> None:
    assert "revoke its key" in refusal(CLOSED, sent(envelope(token=CI.reveal())))


def test_a_refusal_at_the_gateway_is_a_refusal_here() -> None:
    told = Refused("unauthenticated", "the token has expired")

    def sign(id_: str, digest: str) -> str:
        return GATEWAY.refuse(told, About("rollbook", id_, digest), NOW)

    assert refusal(CLOSED, sent(envelope(), sign)) == "the token has expired"


@pytest.mark.parametrize("sign", [by_ci, by(Principal("anna"))], ids=["machine", "gateway"])
def test_a_statement_does_not_fit_a_command_that_was_changed(sign: Any) -> None:
    token = sent(envelope(), sign).token
    assert token is not None
    for changed in (
        envelope(expected_seq=0),
        envelope(origin="elsewhere"),
        envelope(origin="elsewhere", origin_time=NOW),
        envelope()._replace(model="team/other"),
        envelope()._replace(command=RegisterModel(description="mine")),
        envelope()._replace(id=COMMAND_ID.replace("8", "9")),
    ):
        assert "another command" in refusal(CLOSED, sent(changed._replace(token=token)))


def test_a_statement_for_another_registry_is_refused() -> None:
    assert "aud" in refusal(secured(app="other"), sent(envelope(), by_ci))


def test_a_key_that_was_revoked_opens_nothing() -> None:
    assert "revoked" in refusal(Handlers(Governance(), _bare()), sent(envelope(), by_ci))


def _bare() -> Proof:
    return Proof("rollbook", Verifier.of(SECRET), Trust(), Governance().key)


def test_who_settings_name_may_do_everything() -> None:
    told = sent(envelope(), by(Principal("anna")))
    assert secured(admins=("anna",)).principal(told, NOW).everything
    assert not CLOSED.principal(told, NOW).everything


def test_the_administrator_s_key_needs_no_grant() -> None:
    told = sent(envelope(), lambda i, d: by_account(ADMIN, About("rollbook", i, d), NOW))
    who = CLOSED.principal(told, NOW)
    assert CLOSED.decide(Stream(), told, who, NOW) == ModelRegistered()


def test_a_key_for_some_roles_is_limited_to_them_even_for_an_administrator() -> None:
    handlers = secured(roles=(Role.VIEWER,), admins=("account:team/ci",))
    who = handlers.principal(sent(envelope(), by_ci), NOW)
    assert (who.everything, who.limit) == (False, frozenset({Role.VIEWER}))


# Who may


def test_a_command_needs_a_role() -> None:
    who = Principal("anna")
    assert (
        secured(Grant("anna", Role.PUBLISHER)).decide(Stream(), envelope(), who, NOW)
        == ModelRegistered()
    )
    for grants in ((), (Grant("anna", Role.VIEWER),), (Grant("eve", Role.PUBLISHER),)):
        with pytest.raises(Refused) as caught:
            secured(*grants).decide(Stream(), envelope(), who, NOW)
        assert caught.value.code == "forbidden"


def test_who_may_do_nothing_is_not_told_how_far_the_stream_has_come() -> None:
    with pytest.raises(Refused) as caught:
        CLOSED.decide(stream(7), envelope(expected_seq=3), Principal("eve"), NOW)
    assert (caught.value.code, "7" in caught.value.message) == ("forbidden", False)


def test_a_service_of_ours_may_do_no_more_than_it_limits_itself_to() -> None:
    told = sent(envelope(), by(Principal("it", limit=frozenset({Role.PUBLISHER}), everything=True)))
    assert CLOSED.decide(Stream(), told, CLOSED.principal(told, NOW), NOW) == ModelRegistered()
    told = sent(envelope(), by(Principal("it", limit=frozenset({Role.VIEWER}), everything=True)))
    with pytest.raises(Refused) as caught:
        CLOSED.decide(Stream(), told, CLOSED.principal(told, NOW), NOW)
    assert caught.value.code == "forbidden"


# Deciding

ANNA = Principal("anna", everything=True)


def stream(seq: int) -> Stream:
    return Stream(spec.fold(*[REGISTERED] * bool(seq)), seq)


def test_without_an_expected_seq_any_state_will_do() -> None:
    assert OPEN.decide(stream(0), envelope(), ANNA, NOW) == ModelRegistered()
    assert OPEN.decide(stream(7), envelope(), ANNA, NOW) == Unchanged()


@pytest.mark.parametrize("seq", [0, 7])
def test_the_expected_seq_lets_the_command_through(seq: int) -> None:
    OPEN.decide(stream(seq), envelope(expected_seq=seq), ANNA, NOW)


@pytest.mark.parametrize(("seq", "expected"), [(0, 1), (7, 6), (7, 8), (7, 0)])
def test_another_seq_is_a_conflict_that_names_both(seq: int, expected: int) -> None:
    with pytest.raises(
        Refused, match=f"expected_seq is {expected}, but the model is at {seq}"
    ) as e:
        OPEN.decide(stream(seq), envelope(expected_seq=expected), ANNA, NOW)
    assert e.value.code == "conflict"


def test_a_conflict_comes_before_a_confirmation() -> None:
    """Who asks for a certain state must not hear "it was so already" about another."""
    with pytest.raises(Refused):
        OPEN.decide(stream(7), envelope(expected_seq=6), ANNA, NOW)
