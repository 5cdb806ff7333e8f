import pytest
from aiokafka.partitioner import murmur2

from rollbook.eventlog.routing import partition_for

# From the tests of Apache Kafka's Java client (org.apache.kafka.common.utils.UtilsTest).
JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("key", "java"), JAVA.items())
def test_a_key_hashes_as_in_the_java_client(key: bytes, java: int) -> None:
    assert murmur2(key) & 0xFFFFFFFF == java & 0xFFFFFFFF


@pytest.mark.parametrize(("key", "java"), JAVA.items())
@pytest.mark.parametrize("partitions", [1, 4, 12, 97])
def test_a_key_lives_where_java_would_put_it(key: bytes, java: int, partitions: int) -> None:
    assert partition_for(key, partitions) == (java & 0x7FFFFFFF) % partitions
