"""The generated pages of docs/reference: what can be read from the code is not written by hand."""

import inspect
from collections.abc import Iterable
from textwrap import dedent

from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel

from rollbook.cli.__main__ import app as command_line
from rollbook.domain.messages import Message
from rollbook.eventlog import topics
from rollbook.eventlog.commands import MODEL_COMMANDS, NAMESPACE_COMMANDS
from rollbook.eventlog.outcomes import INVALID
from rollbook.eventlog.records import LOG_MESSAGES, NAMESPACE_EVENTS, STREAM_EVENTS
from rollbook.eventlog.topics import DAY, LogAddress, Topic
from rollbook.observability import metrics
from rollbook.query.handlers import STATUS
from tests.contracts import binding, refusals
from tests.contracts.binding import Header
from tests.contracts.compatibility import Kind
from tests.contracts.http_reference import http_page
from tests.contracts.markdown import table
from tests.contracts.policy_reference import policy_page
from tests.contracts.questions_reference import questions_page
from tests.contracts.roles_reference import roles_page
from tests.contracts.schemas import path_of
from tests.contracts.settings_reference import settings_page

NOTE = "<!-- Generated from the code by `make contracts`: do not edit it here. -->"


def pages() -> dict[str, str]:
    """Each page by its file name."""
    made = {
        "topics.md": _topics(),
        "cloudevents.md": _cloudevents(),
        "messages.md": _messages(),
        "refusal-codes.md": _refusal_codes(),
        "roles.md": roles_page(),
        "metrics.md": _metrics(),
        "settings.md": settings_page(),
        "http.md": http_page(),
        "questions.md": questions_page(),
        "policy.md": policy_page(),
        "cli.md": command_line().generate_docs(output_format="markdown"),
    }
    return {name: f"{NOTE}\n\n{text.strip()}\n" for name, text in made.items()}


def _topics() -> str:
    rows = [
        [f"`{LogAddress('', 'rollbook').name(t)}`", t.key, _partitions(t), _kept(t), t.holds]
        for t in topics.TOPICS
    ]
    text = f"""\
    # Topics

    Names begin with the log's name (`ROLLBOOK_APP`), here `rollbook`, so that several logs share
    a cluster. The command service creates what is missing. It never changes a topic that exists.

    TABLE

    The number of partitions is fixed when the log is made ({topics.DEFAULT_PARTITIONS} unless
    `ROLLBOOK_PARTITIONS` says otherwise). Commands, events and snapshots have the same number.
    Never add partitions to one of them: keys would move, and the service refuses to start.

    A model, as a namespace, lives in partition `murmur2(key) & 0x7fffffff mod partitions`, as
    Kafka's Java client computes it. A command longer than {topics.COMMAND_LIMIT:,} bytes becomes a
    dead letter. The topics take records of up to {topics.RECORD_LIMIT:,} bytes, so that such a one
    is kept and answered instead of lost.

    The snapshots and the governance are private to our own services. Their layout may change. A
    snapshot of another layout is not used, and the log is replayed instead. The governance topic
    holds a copy of what the namespaces' streams in the log say
    ([decision 9](../adr/0009-governance-by-namespace-streams.md)). The serving topic is for
    everybody: [follow what serves](../how-to/follow-what-serves.md).
    """
    head = ["topic", "key", "partitions", "kept", "holds"]
    return dedent(text).replace("TABLE", table(head, rows))


def _partitions(topic: Topic) -> str:
    return "as the log" if topic.partitioned else "1"


def _kept(topic: Topic) -> str:
    if topic.config.get("cleanup.policy") == "compact":
        return "newest of each key"
    kept = int(topic.config["retention.ms"])
    return "for ever" if kept < 0 else f"{kept // DAY} days"


def _cloudevents() -> str:
    def headers(of: Iterable[Header]) -> str:
        return table(
            ["header", "always", "means"], ([f"`{h.name}`", h.always, h.means] for h in of)
        )

    return f"""\
# CloudEvents

Every record is a CloudEvent 1.0 in the Kafka binary binding: attributes are headers whose names
begin with `ce_`, the record's value is the bare JSON of the message. Header values are UTF-8. The
key is the stream, and the event's subject: a model, `namespace/name`, or a namespace by itself.

On `rollbook.commands` the structured mode works too: `content-type: application/cloudevents+json`,
and the value is the whole event with `data` inside. The key is needed in both modes. `traceparent`
and `authorization` stay headers.

## A command, on `rollbook.commands`

{headers(binding.COMMAND_HEADERS)}

The service insists on `ce_id` and `ce_type`; CloudEvents insists on all four of its own.

## An outcome, on `rollbook.events`

{headers(binding.OUTCOME_HEADERS)}

`ce_prev` is taken over every byte of the earlier record, laid out like a mail: the key, then
`name:value` for each header in its order, an empty line, the value; lines end in LF. So each
stream's events are a chain of hashes.

## A claim, on `rollbook.events`

{headers(binding.CLAIM_HEADERS)}

A claim has no key and stands in every partition. **Its number is its offset.** From there on, only
records whose `ce_claim` is that number count; a reader ignores others. The broker rejects writers
of older claims, so that such a record is never seen unless something is badly wrong.

## A dead letter, on `rollbook.dead-letters`

{headers(binding.DEAD_LETTER_HEADERS)}

The key is the origin. The value is the original value, byte for byte. The original headers follow
ours, without `authorization`.
"""


def _messages() -> str:
    answers = {name: cls for name, cls in LOG_MESSAGES.items() if name not in STREAM_EVENTS}
    of_namespaces = NAMESPACE_EVENTS.keys()
    parts = [
        "# Messages",
        (
            "The class name is the wire name (`ce_type`). The values are JSON. Each has its JSON"
            " Schema and a golden example in [contracts](../../contracts/README.md)."
        ),
        "## Commands",
        *(_message(Kind.COMMAND, cls) for cls in MODEL_COMMANDS.values()),
        "## Commands to a namespace",
        "Their key is the namespace by itself.",
        *(_message(Kind.COMMAND, cls) for cls in NAMESPACE_COMMANDS.values()),
        "## Events",
        "Ignore fields that you do not know: an event may gain optional ones.",
        *(_message(Kind.EVENT, cls) for n, cls in STREAM_EVENTS.items() if n not in of_namespaces),
        "## Events of a namespace",
        *(_message(Kind.EVENT, cls) for cls in NAMESPACE_EVENTS.values()),
        "## Answers that change nothing, and claims",
        *(_message(Kind.EVENT, cls) for cls in answers.values()),
    ]
    return "\n\n".join(parts)


def _message(kind: Kind, cls: type[Message]) -> str:
    path = path_of(kind, cls)
    rows = [
        [f"`{name}`", "yes" if field.is_required() else "", _type(cls, name)]
        for name, field in cls.model_fields.items()
    ]
    doc = inspect.cleandoc(cls.__doc__ or "")
    return (
        f"### {cls.__name__}\n\n{doc}\n\n{table(['field', 'required', 'type'], rows)}\n\n"
        f"[Schema](../../contracts/{path}) ·"
        f" [example](../../contracts/examples/{cls.__name__}.v{cls.schema_version}.json)"
    )


def _type(cls: type[BaseModel], name: str) -> str:
    schema = cls.model_json_schema()["properties"][name]
    return _words(schema)


def _words(schema: dict[str, object]) -> str:
    match schema:
        case {"$ref": str(ref)}:
            return f"`{ref.rpartition('/')[2]}`"
        case {"anyOf": list(choices)}:
            return " or ".join(_words(c) for c in choices if c.get("type") != "null")
        case {"type": "array", "items": dict(items)}:
            return f"list of {_words(items)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"map to {_words(values)}"
        case {"type": "object", "patternProperties": dict(values)}:
            return f"map to {_words(next(iter(values.values())))}"
        case {"type": str(kind)}:
            return kind
        case _:
            return "any JSON"


def _refusal_codes() -> str:
    def codes(of: dict[str, tuple[str, str]]) -> str:
        rows = ([f"`{c}`", status_of(c), *text] for c, text in of.items())
        return table(["code", "HTTP", "means", "do"], rows)

    def status_of(code: str) -> str:
        return str(STATUS.get(code, 422 if code in INVALID else 409))

    return f"""\
# Refusal codes

A refusal is an outcome like any other: a `CommandRefused` in the log with a code for programs and
a sentence for people. It changes nothing.

## The state forbids it

{codes(refusals.STATE)}

## It can never work

The original record is also kept in `rollbook.dead-letters`, and the refusal says so
(`dead_letter: true`). Over HTTP the service checks first and publishes nothing.

{codes(refusals.POISON)}

A refusal stands for good: the same command id gets the same refusal again. Send a corrected
command under a new id. A refusal as `unauthenticated` and those of the second table are not
remembered by id.
"""


def _metrics() -> str:
    rows = []
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.collect()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)
            rows.append([f"`{name}`", family.type, labels, family.documentation])
    return (
        "# Metrics\n\nPrometheus text format, at `GET /metrics` of the query service. Under"
        " `rollbook up` all services are one process, and the page shows them all. A command"
        " service, a projector, a monitor or a validator that runs alone shows its own at the port"
        " that `ROLLBOOK_METRICS_PORT` names, if it is set. Histograms come as `_bucket`, `_sum` and"
        " `_count`.\n\n" + table(["metric", "type", "labels", "counts"], rows)
    )
