"""Which partition a model lives in: Kafka's murmur2, as the Java client and aiokafka compute it."""

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=262_144)  # murmur2 is pure Python and costs more than the rest of the routing
def partition_for(key: bytes, partitions: int) -> int:
    """The partition of a model's key in a topic with `partitions` partitions."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions
