"""The broker inside the confluent-kafka wheel: to look around where real Kafka cannot be had."""

from rollbook.embedded.report import StackError

WARNING = """\
!!! NOT REAL KAFKA: an in-process stand-in, and NOTHING IS KEPT when it stops.
!!! It is good enough to look around. Topics come into being by being used, with 4 partitions;
!!! there are no admin requests, no compaction, and no guarantee of this project holds on it.
!!! To get the real one:"""


class Broker:
    """librdkafka's mock cluster: one broker on a real port, in the memory of this process."""

    def __init__(self) -> None:
        # Late, as the wheel is large and most stacks never need it.
        try:
            from confluent_kafka import KafkaException, Producer  # noqa: PLC0415
        except ImportError as error:
            raise StackError("the wheel confluent-kafka is not installed") from error
        # log_level: it would announce itself on stderr, as we do better.
        self._owner = Producer({"test.mock.num.brokers": "1", "log_level": "3"})
        try:
            (broker,) = self._owner.list_topics(timeout=10).brokers.values()
        except KafkaException as error:
            raise StackError(f"the in-process broker does not answer: {error}") from error
        self.address = f"{broker.host}:{broker.port}"

    def stop(self) -> None:
        """End the broker and everything in it, by letting go of its owner."""
        del self._owner
