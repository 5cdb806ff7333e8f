"""Which partition a stream lives in: Kafka's murmur2 of its key, as the Java client computes it."""

_MASK = 0xFFFFFFFF
_M = 0x5BD1E995


def partition_for(key: bytes, partitions: int) -> int:
    """The partition of a key in a log with so many."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Unsigned, 32 bits."""
    found = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for start in range(0, whole, 4):
        k = int.from_bytes(data[start : start + 4], "little") * _M & _MASK
        found = (found * _M & _MASK) ^ ((k ^ k >> 24) * _M & _MASK)
    if rest := data[whole:]:
        found = (found ^ int.from_bytes(rest, "little")) * _M & _MASK
    found = (found ^ found >> 13) * _M & _MASK
    return found ^ found >> 15
