import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc.jwk import OctKey

from rollbook.command.handlers import LEEWAY, Handlers
from rollbook.domain.catalog import ModelRegistered, RegisterModel
from rollbook.domain.messages import Refused, Unchanged
from rollbook.eventlog.envelope import CommandEnvelope
from rollbook.eventlog.partition import UNKNOWN_ACTOR, Stream
from tests.support import spec
from tests.unit.domain.examples import REGISTERED

SECRET = "a secret that is long enough for HS256"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
LATER = int((NOW + timedelta(minutes=5)).timestamp())
HS256 = {"alg": "HS256", "typ": "JWT"}

OPEN = Handlers()
CLOSED = Handlers(OctKey.import_key(SECRET))


def envelope(**more: Any) -> CommandEnvelope:
    return CommandEnvelope(id="1", model="team/churn", command=RegisterModel(), **more)


def _part(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(claims: object, *, header: object = HS256, secret: str = SECRET) -> str:
    """A token made by hand, so that it can be wrong in every way."""
    signed = f"{_part(header)}.{_part(claims)}"
    mac = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_part(mac)}"


def refusal(handlers: Handlers, **more: Any) -> str:
    with pytest.raises(Refused) as caught:
        handlers.actor(envelope(**more), NOW)
    assert caught.value.code == "unauthenticated"
    return caught.value.message


# An open registry


def test_an_open_registry_believes_who_a_sender_says_it_is() -> None:
    assert OPEN.actor(envelope(actor="anna"), NOW) == "anna"


def test_an_open_registry_calls_a_sender_without_a_name_anonymous() -> None:
    assert OPEN.actor(envelope(), NOW) == "anonymous"


def test_nobody_can_take_the_name_of_the_unknown_sender() -> None:
    """Outcomes of the unknown are not remembered, so that a repeat would be carried out again."""
    assert OPEN.actor(envelope(actor=UNKNOWN_ACTOR), NOW) == "anonymous"
    assert "sub" in refusal(CLOSED, token=token({"sub": UNKNOWN_ACTOR, "exp": LATER}))


def test_an_open_registry_does_not_pretend_to_verify_a_token() -> None:
    assert "ROLLBOOK_TOKEN_SECRET" in refusal(OPEN, token=token({"sub": "anna", "exp": LATER}))


# A registry with a secret


def test_a_valid_token_says_who_sends() -> None:
    told = envelope(actor="eve", token=token({"sub": "anna", "exp": LATER}))
    assert CLOSED.actor(told, NOW) == "anna"


def test_without_a_token_nobody_is_believed() -> None:
    assert "token is needed" in refusal(CLOSED, actor="anna")


def test_a_token_is_good_until_it_expires_and_a_little_longer_for_clocks_that_differ() -> None:
    def ended(seconds: int) -> str:
        return token({"sub": "anna", "exp": int(NOW.timestamp()) - seconds})

    assert CLOSED.actor(envelope(token=ended(LEEWAY - 1)), NOW) == "anna"
    assert "expired" in refusal(CLOSED, token=ended(LEEWAY + 1))


def test_the_time_that_counts_is_the_one_that_is_passed_in() -> None:
    good = envelope(token=token({"sub": "anna", "exp": LATER}))
    assert CLOSED.actor(good, NOW) == "anna"
    with pytest.raises(Refused, match="expired"):
        CLOSED.actor(good, NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    "forged",
    [
        token({"sub": "anna", "exp": LATER}, secret="another secret, also long enough"),
        token({"sub": "anna", "exp": LATER}, secret=""),
        token({"sub": "anna", "exp": LATER})[:-2],
        token({"sub": "anna", "exp": LATER}).rpartition(".")[0] + ".",
        token({"sub": "eve", "exp": LATER}).rpartition(".")[0]
        + "."
        + token({"sub": "anna", "exp": LATER}).rpartition(".")[2],
    ],
    ids=["another key", "an empty key", "a cut signature", "no signature", "a swapped payload"],
)
def test_a_forged_token_is_refused(forged: str) -> None:
    refusal(CLOSED, token=forged)


@pytest.mark.parametrize(
    "header",
    [
        *({"alg": "none"}, {"alg": "None"}, {"alg": "HS512"}, {"alg": "RS256"}, {"alg": ""}, {}),
        *({"alg": None}, {"alg": 1}, {"alg": ["HS256"]}, [], ["alg"], "alg", 1, None, b"\xff", b""),
        *({**HS256, "crit": ["exp"]}, {**HS256, "crit": 1}, {**HS256, "crit": None}),
        *({**HS256, "b64": False, "crit": ["b64"]}, {**HS256, "zip": "DEF"}),
    ],
    ids=str,
)
def test_another_algorithm_or_a_strange_header_is_refused(header: object) -> None:
    for forged in (
        token({"sub": "anna", "exp": LATER}, header=header),
        f"{_part(header)}.{_part({'sub': 'anna', 'exp': LATER})}.",
    ):
        refusal(CLOSED, token=forged)


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"exp": LATER}, "sub"),
        ({"sub": "anna"}, "exp"),
        ({"sub": "anna", "exp": None}, "exp"),
        ({"sub": "anna", "exp": "tomorrow"}, "exp"),
        ({"sub": "anna", "exp": True}, "exp"),
        ({"sub": "anna", "exp": float("nan")}, "exp"),
        ({"sub": "", "exp": LATER}, "sub"),
        ({"sub": 5, "exp": LATER}, "sub"),
        ({"sub": ["anna"], "exp": LATER}, "sub"),
        ({"sub": "anna\nadmin", "exp": LATER}, "sub"),
        ({"sub": "a" * 251, "exp": LATER}, "sub"),
        ({"sub": "\ud800", "exp": LATER}, "sub"),
        ({"sub": "anna", "exp": LATER, "nbf": LATER}, "not yet valid"),
        ([], ""),
        ("anna", ""),
        (None, ""),
        (b"{", ""),
        (b"\xff", ""),
    ],
)
def test_a_signed_token_with_wrong_claims_is_refused(claims: object, named: str) -> None:
    assert named in refusal(CLOSED, token=token(claims))


@given(st.text(max_size=200) | st.from_regex(r"[\w=-]{0,40}(\.[\w=-]{0,40}){1,5}", fullmatch=True))
@example("")
@example("..")
@example("\x00.\x00.\x00")
@example("é.é.é")
def test_garbage_is_refused_and_breaks_nothing(garbage: str) -> None:
    refusal(CLOSED, token=garbage or ".")


@given(
    st.dictionaries(
        st.sampled_from(["alg", "typ", "kid", "crit", "b64", "zip", "jwk", "x5c", "enc", "cty"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.sampled_from(["HS256", "none", "x"]),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
            max_leaves=4,
        ),
    )
)
def test_no_header_of_a_forged_token_breaks_anything(header: dict[str, object]) -> None:
    refusal(CLOSED, token=token({"sub": "anna", "exp": LATER}, header=header, secret="x" * 32))


def test_a_token_does_not_bring_its_own_key() -> None:
    theirs = "the secret of somebody else, long enough"
    header = {**HS256, "jwk": {"kty": "oct", "k": _part(theirs.encode())}}
    refusal(CLOSED, token=token({"sub": "anna", "exp": LATER}, header=header, secret=theirs))


def test_a_refusal_never_quotes_the_token() -> None:
    for bad in (token({"sub": "anna"}), token({"sub": "anna", "exp": LATER}, secret="y" * 32)):
        assert all(part not in refusal(CLOSED, token=bad) for part in bad.split("."))


# Deciding


def stream(seq: int) -> Stream:
    return Stream(spec.fold(*[REGISTERED] * bool(seq)), seq)


def test_without_an_expected_seq_any_state_will_do() -> None:
    assert OPEN.decide(stream(0), envelope(), "anna") == ModelRegistered()
    assert OPEN.decide(stream(7), envelope(), "anna") == Unchanged()


@pytest.mark.parametrize("seq", [0, 7])
def test_the_expected_seq_lets_the_command_through(seq: int) -> None:
    OPEN.decide(stream(seq), envelope(expected_seq=seq), "anna")


@pytest.mark.parametrize(("seq", "expected"), [(0, 1), (7, 6), (7, 8), (7, 0)])
def test_another_seq_is_a_conflict_that_names_both(seq: int, expected: int) -> None:
    with pytest.raises(
        Refused, match=f"expected_seq is {expected}, but the model is at {seq}"
    ) as e:
        OPEN.decide(stream(seq), envelope(expected_seq=expected), "anna")
    assert e.value.code == "conflict"


def test_a_conflict_comes_before_a_confirmation() -> None:
    """Who asks for a certain state must not hear "it was so already" about another."""
    with pytest.raises(Refused):
        OPEN.decide(stream(7), envelope(expected_seq=6), "anna")
