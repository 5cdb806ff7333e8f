"""The AsyncAPI 3.0 document: what a pipeline that only has a Kafka client needs to know."""

from collections.abc import Iterable
from typing import Any

import yaml

from rollbook.domain.messages import Message
from rollbook.eventlog import topics
from rollbook.eventlog.commands import COMMANDS, NAMESPACE_COMMANDS
from rollbook.eventlog.outcomes import WriterClaimed
from rollbook.eventlog.records import LOG_MESSAGES, NAMESPACE_EVENTS, STREAM_EVENTS
from rollbook.eventlog.topics import Topic
from tests.contracts import binding
from tests.contracts.binding import Header
from tests.contracts.compatibility import Kind
from tests.contracts.schemas import path_of

KAFKA = "0.5.0"
"""Version of AsyncAPI's Kafka binding."""

DIALECT = "application/schema+json;version=2020-12"

PARTITION = "in UTF-8; partition = murmur2(key) mod partitions"
MODEL_KEY = {
    "type": "string",
    "description": f"the model, `namespace/name`, {PARTITION}",
    "examples": ["fraud/card-approval"],
}
NAMESPACE_KEY = {
    "type": "string",
    "description": f"the namespace, {PARTITION}",
    "examples": ["fraud"],
}
ANY_KEY = {
    "type": "string",
    "description": f"the stream: a model, `namespace/name`, or a namespace by itself, {PARTITION}",
    "examples": ["fraud/card-approval", "fraud"],
}

DESCRIPTION = """\
Commands go in on one topic; exactly one outcome per command comes to stand in another.

Records are CloudEvents 1.0 in the Kafka binary binding: attributes are `ce_*` headers, the value
is bare JSON. On the commands topic the structured mode (`content-type:
application/cloudevents+json`) is accepted as well. Topic names begin with the app's name,
`rollbook` unless it is set, so that several logs can share a cluster.

Partition by murmur2 of the key, as the Java client does. librdkafka's default is another: set
`partitioner=murmur2_random`. A command in the wrong partition is refused.

Every reader of the events must ignore a record whose `ce_claim` is older than the newest claim it
has seen in that partition; a claim's number is the offset of its `WriterClaimed` record."""


def document() -> str:
    """The document as YAML."""
    commands, events = list(COMMANDS.values()), list(LOG_MESSAGES.values())
    answers = [cls for cls in events if cls is not WriterClaimed]
    whole = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rollbook",
            "version": "1",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "commands": _channel(topics.COMMANDS, (cls.__name__ for cls in commands)),
            "events": _channel(topics.EVENTS, (cls.__name__ for cls in events)),
            "serving": _channel(topics.SERVING, ["Pointing"]),
            "telemetry": _channel(topics.TELEMETRY, ["Telemetry"]),
            "deadLetters": _channel(topics.DEAD_LETTERS, ["DeadLetter"]),
        },
        "operations": {
            "decide": {
                "action": "receive",
                "summary": "Take a command; its one outcome comes to stand in the events.",
                "channel": {"$ref": "#/channels/commands"},
                "messages": _refs("commands", commands),
                "reply": {
                    "channel": {"$ref": "#/channels/events"},
                    "messages": _refs("events", answers),
                },
            },
            "record": {
                "action": "send",
                "summary": "Append outcomes and writer claims to the log.",
                "channel": {"$ref": "#/channels/events"},
                "messages": _refs("events", events),
            },
            "direct": {
                "action": "send",
                "summary": "Say what stands at an environment or alias now.",
                "channel": {"$ref": "#/channels/serving"},
                "messages": [{"$ref": "#/channels/serving/messages/Pointing"}],
            },
            "tell": {
                "action": "receive",
                "summary": "Tell what was predicted, what was true, or what is served.",
                "channel": {"$ref": "#/channels/telemetry"},
                "messages": [{"$ref": "#/channels/telemetry/messages/Telemetry"}],
            },
            "bury": {
                "action": "send",
                "summary": "Keep a command that can never work, as it came.",
                "channel": {"$ref": "#/channels/deadLetters"},
                "messages": [{"$ref": "#/channels/deadLetters/messages/DeadLetter"}],
            },
        },
        "components": {
            "schemas": {
                "CommandHeaders": binding.json_schema(binding.COMMAND_HEADERS),
                "OutcomeHeaders": binding.json_schema(binding.OUTCOME_HEADERS),
                "ClaimHeaders": binding.json_schema(binding.CLAIM_HEADERS),
                "DeadLetterHeaders": binding.json_schema(binding.DEAD_LETTER_HEADERS),
            },
            "messages": {
                **{cls.__name__: _message(Kind.COMMAND, cls, "CommandHeaders") for cls in commands},
                **{cls.__name__: _message(Kind.EVENT, cls, "OutcomeHeaders") for cls in answers},
                "WriterClaimed": _message(Kind.EVENT, WriterClaimed, "ClaimHeaders"),
                "Pointing": _pointing(),
                "Telemetry": _telemetry(),
                "DeadLetter": _dead_letter(binding.DEAD_LETTER_HEADERS),
            },
        },
    }
    return yaml.dump(whole, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)


def _number(value: str) -> int | str:
    return int(value) if value.removeprefix("-").isdigit() else value


def _channel(topic: Topic, messages: Iterable[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        name: value.split(",") if name == "cleanup.policy" else _number(value)
        for name, value in topic.config.items()
    }
    return {
        "address": f"{{app}}.{topic.name}",
        "description": f"Key: {topic.key}. Holds {topic.holds}.",
        "parameters": {"app": {"description": "names the log", "default": "rollbook"}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {
                "topicConfiguration": {"cleanup.policy": ["delete"]} | settings,
                "bindingVersion": KAFKA,
            }
        },
    }


def _refs(channel: str, classes: Iterable[type[Message]]) -> list[dict[str, str]]:
    return [{"$ref": f"#/channels/{channel}/messages/{cls.__name__}"} for cls in classes]


def _message(kind: Kind, cls: type[Message], headers: str) -> dict[str, Any]:
    summary, _, rest = (cls.__doc__ or "").partition("\n")
    message: dict[str, Any] = {
        "name": cls.__name__,
        "title": f"{cls.__name__}, version {cls.schema_version}",
        "summary": summary,
        "contentType": "application/json",
        "headers": {"$ref": f"#/components/schemas/{headers}"},
        "payload": {"schemaFormat": DIALECT, "schema": {"$ref": f"./{path_of(kind, cls)}"}},
    }
    if rest.strip():
        message["description"] = " ".join(rest.split())
    if cls is not WriterClaimed:
        message["correlationId"] = {"location": "$message.header#/ce_correlationid"}
        message["bindings"] = {"kafka": {"key": _key(cls.__name__), "bindingVersion": KAFKA}}
    return message


def _key(message: str) -> dict[str, Any]:
    if message in NAMESPACE_COMMANDS or message in NAMESPACE_EVENTS:
        return NAMESPACE_KEY
    return MODEL_KEY if message in COMMANDS or message in STREAM_EVENTS else ANY_KEY


def _pointing() -> dict[str, Any]:
    key = "`namespace/name@ENVIRONMENT`, or `namespace/name:ALIAS`"
    return {
        "name": "Pointing",
        "title": "What stands at an environment or an alias",
        "summary": "The version, where its bytes lie, and the rollout that is live there.",
        "description": "A tombstone: nothing stands there any more. Ignore a record whose position"
        " is lower than that of the one you have, and those whose key begins with `claim/`.",
        "contentType": "application/json",
        "payload": {"schemaFormat": DIALECT, "schema": {"$ref": "./serving.schema.json"}},
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "description": key,
                    "examples": ["fraud/card@production"],
                },
                "bindingVersion": KAFKA,
            }
        },
    }


def _telemetry() -> dict[str, Any]:
    return {
        "name": "Telemetry",
        "title": "What serving tells about itself",
        "summary": "Predictions or labels in columns, or all that a server has in use.",
        "description": "`source` names a process, anew at each start, and `number` counts its"
        " batches from 1: one that comes again counts once. Times are milliseconds since 1970.",
        "contentType": "application/json",
        "payload": {"schemaFormat": DIALECT, "schema": {"$ref": "./telemetry.schema.json"}},
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "description": "`namespace/name`; of what is in use, the `source`",
                    "examples": ["fraud/card"],
                },
                "bindingVersion": KAFKA,
            }
        },
    }


def _dead_letter(headers: tuple[Header, ...]) -> dict[str, Any]:
    return {
        "name": "DeadLetter",
        "title": "A record of the commands topic that can never work",
        "summary": "The original bytes and headers (without authorization), and why.",
        "description": f"Headers of our own: {', '.join(h.name for h in headers)}.",
        "headers": {"$ref": "#/components/schemas/DeadLetterHeaders"},
        "payload": {"description": "the value as it came, whatever it is"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "the same as rollbook_origin"},
                "bindingVersion": KAFKA,
            }
        },
    }


class _Plain(yaml.SafeDumper):
    """YAML without anchors, and with paragraphs as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Plain.add_representer(str, _text)
