"""The headers of our records: CloudEvents 1.0 attributes in the Kafka binary binding."""

from dataclasses import dataclass
from typing import Any

UUID = {"type": "string", "format": "uuid"}
TEXT = {"type": "string", "minLength": 1, "maxLength": 250}
WHOLE = {"type": "string", "pattern": "^[0-9]+$"}
HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
TIME = {"type": "string", "format": "date-time"}
TRACE = {"type": "string", "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"}


@dataclass(frozen=True, slots=True)
class Header:
    """One header; every value is UTF-8 text."""

    name: str
    means: str
    schema: dict[str, Any]
    always: str = "no"
    """`yes`, `no`, or when."""


SPEC = Header("ce_specversion", "CloudEvents version", {"const": "1.0"}, "yes")
JSON = Header("content-type", "of the value", {"const": "application/json"}, "yes")

COMMAND_HEADERS = (
    SPEC,
    Header(
        "ce_id",
        "the command's id, a UUID that the sender chooses; a repeat with the same id, stream and"
        " actor is not carried out again",
        UUID,
        "yes",
    ),
    Header("ce_source", "what sends the command", TEXT, "yes"),
    Header("ce_type", "the command's name", TEXT, "yes"),
    JSON,
    Header(
        "ce_actor",
        "who sends it; believed only where the registry has no `ROLLBOOK_TOKEN_SECRET`",
        TEXT,
    ),
    Header("ce_expectedseq", "refuse the command unless the stream is at this `seq`", WHOLE),
    Header("ce_correlationid", "handed on to the outcome; absent: the command's id", TEXT),
    Header("ce_causationid", "handed on to the outcome; absent: the command's id", TEXT),
    Header("traceparent", "W3C trace context; the outcome continues the trace", TRACE),
    Header("ce_origin", "where it is imported from; handed on to the outcome", TEXT),
    Header("ce_origintime", "when it happened there; goes with `ce_origin`", TIME),
    Header(
        "authorization",
        "`Bearer` and a statement: a signed, short-lived JWS about this one command and no other;"
        " needed where the registry has a token secret; never copied into the log or the dead"
        " letters",
        {"type": "string", "pattern": "^Bearer .+$"},
    ),
)

OUTCOME_HEADERS = (
    SPEC,
    Header(
        "ce_id",
        "derived from stream and command id; a `CommandRepeated` has the id of the first outcome",
        UUID,
        "yes",
    ),
    Header("ce_source", "`/rollbook/command`", {"const": "/rollbook/command"}, "yes"),
    Header("ce_type", "the message's name", TEXT, "yes"),
    Header("ce_subject", "the stream, as the key", TEXT, "when there is a key"),
    Header("ce_time", "when it was decided; never goes back within a partition", TIME, "yes"),
    Header(
        "ce_seq",
        "number of the event in its stream's history, from 1, without gaps; an answer that changes"
        " nothing carries the number of the last event",
        WHOLE,
        "yes",
    ),
    Header(
        "ce_prev",
        "SHA-256 of the stream's event before this one; empty for the first",
        {"type": "string", "pattern": "^([0-9a-f]{64})?$"},
        "on events",
    ),
    Header("ce_commandid", "id of the command that this is the outcome of", UUID, "yes"),
    Header("ce_cmdoffset", "offset of that command in the same partition", WHOLE, "yes"),
    Header("ce_claim", "number of the claim under which it was written", WHOLE, "yes"),
    Header("ce_actor", "who sent the command; `unknown` when that was not proven", TEXT, "yes"),
    JSON,
    Header(
        "ce_schema",
        "version of the message; absent: 1",
        {"type": "string", "pattern": "^[1-9][0-9]*$"},
        "above 1",
    ),
    Header("ce_correlationid", "as in the command", TEXT),
    Header("ce_causationid", "as in the command", TEXT),
    Header("ce_origin", "as in the command: where it was imported from", TEXT),
    Header("ce_origintime", "as in the command: when it happened there", TIME),
    Header("traceparent", "continues the command's trace", TRACE),
)

CLAIM_HEADERS = (
    SPEC,
    Header("ce_source", "`/rollbook/command`", {"const": "/rollbook/command"}, "yes"),
    Header("ce_type", "`WriterClaimed`", {"const": "WriterClaimed"}, "yes"),
    Header("ce_time", "when the writer claimed the partition", TIME, "yes"),
    JSON,
)

DEAD_LETTER_HEADERS = (
    Header(
        "rollbook_origin",
        "where the record stood: `<topic>/<partition>/<offset>`",
        {"type": "string", "pattern": r"^[^/]+/[0-9]+/[0-9]+$"},
        "yes",
    ),
    Header("rollbook_code", "why it can never work, for programs", TEXT, "yes"),
    Header("rollbook_reason", "why, for people", {"type": "string"}, "yes"),
    Header(
        "rollbook_key", "the record's own key; empty when it had none", {"type": "string"}, "yes"
    ),
)


def json_schema(headers: tuple[Header, ...]) -> dict[str, Any]:
    """The headers as one object."""
    return {
        "type": "object",
        "required": [h.name for h in headers if h.always == "yes"],
        "properties": {h.name: {"description": h.means, **h.schema} for h in headers},
    }
