"""What the how-to shows to those who sign without our library."""

from datetime import UTC, datetime
from pathlib import Path
from re import DOTALL, findall

from rollbook.domain.access import Principal
from rollbook.eventlog.commands import command_digest
from rollbook.identity.accounts import mint
from rollbook.identity.statement import About, Verifier
from tests.unit.identity.forging import SECRET, Keys, issued

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "secure.md"


def test_a_statement_can_be_made_without_our_library() -> None:
    blocks = findall(r"```python\n(.*?)```", PAGE.read_text(), DOTALL)
    (code,) = [block for block in blocks if "def b64" in block]
    found: dict[str, object] = {}
    exec(code, found)  # noqa: S102  # it is our own page
    made = found["statement"]
    assert callable(made)
    token = mint("team", "ci")
    ce = {
        "ce_id": "8d0b7a0e-5f0c-4c53-9d3f-0d2f8a6c1b11",
        "ce_type": "RegisterModel",
        "ce_expectedseq": "0",
    }
    about = About("rollbook", ce["ce_id"], command_digest(b"team/churn", ce, b"{}"))
    statement = made(token.reveal(), b"team/churn", ce, b"{}")
    keys, now = Keys(issued(token)), datetime.now(UTC)
    principal = Verifier.of(SECRET).principal(statement, about, keys, now)
    assert principal == Principal("account:team/ci")
