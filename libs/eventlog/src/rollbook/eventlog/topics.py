"""The topics, what each holds and how it is kept."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from rollbook.eventlog.log import Unavailable

DAY = 86_400_000
"""Milliseconds."""

COMMAND_LIMIT = 1_000_000
"""Bytes: a longer command is dead-lettered."""

RECORD_LIMIT = 8_000_000
"""Bytes: what a topic accepts, so that noise reaches the dead letters instead of being lost."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of a log; `partitioned` ones all have the same number of partitions."""

    name: str
    key: str
    holds: str
    partitioned: bool
    config: Mapping[str, str] = field(default_factory=dict, hash=False)


COMMANDS = Topic(
    "commands",
    "model or namespace",
    "wishes; any pipeline with the right to may publish",
    True,
    {"retention.ms": str(7 * DAY), "max.message.bytes": str(RECORD_LIMIT)},
)
EVENTS = Topic(
    "events",
    "model or namespace",
    "the log: outcomes and writer claims; only the command service writes",
    True,
    {
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "max.message.bytes": str(RECORD_LIMIT),
        # The log's time never goes back, so after a clock was set back it is ahead of the broker's.
        "message.timestamp.after.max.ms": str(2**63 - 1),
    },
)
SNAPSHOTS = Topic(
    "snapshots",
    "part of a snapshot",
    "bounds recovery of the command service",
    True,
    {"cleanup.policy": "compact", "max.message.bytes": str(RECORD_LIMIT)},
)
GOVERNANCE = Topic(
    "governance",
    "namespace",
    "the newest rules, grants and keys of each namespace; only the command service writes",
    False,
    {"cleanup.policy": "compact", "max.message.bytes": str(RECORD_LIMIT)},
)
SERVING = Topic(
    "serving",
    "model and environment, or model and alias",
    "what stands at each environment and alias now, and the rollout that is live there;"
    " only the command service writes",
    False,
    {"cleanup.policy": "compact", "max.message.bytes": str(RECORD_LIMIT)},
)
TELEMETRY = Topic(
    "telemetry",
    "model, or the server that tells",
    "what serving tells about itself: predictions in batches, labels, what is served where",
    True,
    {
        "retention.ms": str(7 * DAY),
        "max.message.bytes": str(RECORD_LIMIT),
        "message.timestamp.type": "LogAppendTime",  # by which rows from the future are known
    },
)
DEAD_LETTERS = Topic(
    "dead-letters",
    "origin",
    "what could never work: original bytes, reason, origin",
    False,
    {"retention.ms": str(90 * DAY), "max.message.bytes": str(RECORD_LIMIT + 1_000_000)},
)
TOPICS = (COMMANDS, EVENTS, SNAPSHOTS, GOVERNANCE, SERVING, TELEMETRY, DEAD_LETTERS)

DEFAULT_PARTITIONS = 4

PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5, *[1.0] * 20)
"""Seconds between looks at topics that were made."""


@dataclass(frozen=True, slots=True)
class LogAddress:
    """Where a log lives: bootstrap servers, and the prefix of its topics."""

    kafka: str
    """`host:port[,host:port]`."""
    app: str = "rollbook"

    def name(self, topic: Topic) -> str:
        """The topic's name in Kafka."""
        return f"{self.app}.{topic.name}"

    @property
    def commands(self) -> str:
        """Where wishes are published."""
        return self.name(COMMANDS)

    @property
    def events(self) -> str:
        """The log."""
        return self.name(EVENTS)

    @property
    def snapshots(self) -> str:
        """Where the command service keeps its snapshots."""
        return self.name(SNAPSHOTS)

    @property
    def governance(self) -> str:
        """The newest state of each namespace."""
        return self.name(GOVERNANCE)

    @property
    def serving(self) -> str:
        """What stands at each environment and alias."""
        return self.name(SERVING)

    @property
    def telemetry(self) -> str:
        """What serving tells about itself."""
        return self.name(TELEMETRY)

    @property
    def dead_letters(self) -> str:
        """What could never work."""
        return self.name(DEAD_LETTERS)


class WrongTopicError(Exception):
    """The topics of this cluster do not fit together; the message says what to do."""


async def ensure(
    log: LogAddress, partitions: int = DEFAULT_PARTITIONS, replication: int = 1
) -> int:
    """Create the topics that are missing, and return how many partitions the log has.

    The number of partitions never changes: keys would move. An existing log keeps its own.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=log.kafka)
    try:
        await admin.start()
        existing = await _partition_counts(admin, log)
        counts = {existing[t] for t in TOPICS if t.partitioned and t in existing}
        if len(counts) > 1:
            raise WrongTopicError(
                f"{log.commands}, {log.events} and {log.snapshots} must have the same"
                f" number of partitions, but have {sorted(counts)}: the log cannot be trusted"
            )
        number = counts.pop() if counts else partitions
        missing = [
            NewTopic(
                log.name(t), number if t.partitioned else 1, replication, topic_configs=t.config
            )
            for t in TOPICS
            if t not in existing
        ]
        if missing:
            response = await admin.create_topics(missing)
            for name, code, *_ in response.topic_errors:
                if code and for_code(code) is not TopicAlreadyExistsError:
                    raise WrongTopicError(f"topic {name} cannot be created: {for_code(code)}")
            await _made(admin, log)
        return number
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka at {log.kafka} cannot be reached: {error!r}") from error
    finally:
        await admin.close()


async def _made(admin: AIOKafkaAdminClient, log: LogAddress) -> None:
    """Wait until the broker tells of all topics: it does so a moment after it has made them."""
    for pause in PAUSES:
        if len(await _partition_counts(admin, log)) == len(TOPICS):
            return
        await asyncio.sleep(pause)
    raise Unavailable(f"Kafka at {log.kafka} has made topics that it does not tell of")


async def count(log: LogAddress, topic: Topic = EVENTS) -> int:
    """How many partitions a topic of the log has; `Unavailable` while it is not there."""
    admin = AIOKafkaAdminClient(bootstrap_servers=log.kafka)
    try:
        await admin.start()
        counts = await _partition_counts(admin, log)
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka at {log.kafka} cannot be reached: {error!r}") from error
    finally:
        await admin.close()
    if topic not in counts:
        missing = log.name(topic)
        raise Unavailable(f"Kafka at {log.kafka} has no {missing}: start the command service")
    return counts[topic]


async def _partition_counts(admin: AIOKafkaAdminClient, log: LogAddress) -> dict[Topic, int]:
    known = {log.name(topic): topic for topic in TOPICS}
    names = known.keys() & set(await admin.list_topics())
    described = await admin.describe_topics(sorted(names)) if names else []
    return {known[t["topic"]]: len(t["partitions"]) for t in described}
