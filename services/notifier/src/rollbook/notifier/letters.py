"""What is sent: an event as JSON, or events as sentences for people. Pure."""

import json
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime

from rollbook.eventlog.sentences import sentence
from rollbook.notifier.handlers import TESTED, Owner
from rollbook.readmodel.history import HistoryRow

MOST_LINES = 50
LONGEST_LINE = 500


def webhook(row: HistoryRow, owner: Owner) -> bytes:
    """One event, in the shape that Standard Webhooks recommends."""
    body = {
        "type": row.type,
        "timestamp": row.time.isoformat(),
        "data": {
            "sentence": sentence(row.type, row.data),
            "stream": row.model,
            "owner": owner.owner,
            "team": owner.team,
            "actor": row.actor,
            "position": str(row.position),
            "id": row.id,
            "seq": row.seq,
            "event": row.data,
        },
    }
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def slack(rows: Sequence[HistoryRow]) -> bytes:
    """Events as one message of an incoming webhook, which Mattermost and others take as well."""
    lines = [f"*{_escaped(row.model or '')}*: {_escaped(_said(row))}" for row in rows]
    return json.dumps({"text": "\n".join(lines)}, ensure_ascii=False).encode()


def mail(rows: Sequence[HistoryRow], sender: str, to: Sequence[str]) -> EmailMessage:
    """Events as one mail; sent again, it has the same Message-ID."""
    message = EmailMessage()
    first = _line(rows[0])
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    message["Subject"] = f"[rollbook] {first[:150]}{more}"
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Date"] = format_datetime(rows[0].time)
    message["Message-ID"] = f"<{rows[0].id}@rollbook>"
    message["Auto-Submitted"] = "auto-generated"
    text = "\n".join(
        f"{row.time:%Y-%m-%d %H:%M:%S} UTC  {_line(row)}  ({row.actor})" for row in rows
    )
    message.set_content(f"{text}\n")
    return message


def _line(row: HistoryRow) -> str:
    return f"{row.model}: {_said(row)}"


def _said(row: HistoryRow) -> str:
    if row.type == TESTED:
        return "this is a test"
    said = sentence(row.type, row.data)
    clean = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    return clean if len(clean) <= LONGEST_LINE else clean[: LONGEST_LINE - 1] + "…"


def _escaped(text: str) -> str:
    """Nothing in it calls a channel or leads anywhere."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
