"""What stands where is in its topic as the log says it, however often the writer is killed."""

from pathlib import Path

from rollbook.domain import traffic as pointings
from rollbook.domain.state import Model
from rollbook.eventlog import topics
from rollbook.eventlog.envelope import Record
from rollbook.eventlog.following import Follower
from rollbook.eventlog.partition import Partition
from rollbook.eventlog.standing import Standing
from rollbook.eventlog.topics import LogAddress
from tests.support.service import make_topics, processes, serving, until, whole_log
from tests.support.stack import Cluster
from tests.support.traffic import traffic


def folded(records: dict[int, list[Record]]) -> dict[str, object]:
    """What stands where, as the whole log tells it."""
    found: dict[str, object] = {}
    for number, part in records.items():
        partition = Partition(number)
        partition.fold(part)
        for model, stream in partition.streams.items():
            if isinstance(stream.state, Model):
                for end in pointings.moved(Model(), stream.state):
                    pointing = pointings.pointing(model, stream.state, end, "")
                    found[model + end] = pointing
    return found


async def followed(log: LogAddress) -> dict[str, object]:
    """The same, as whoever follows the topic knows it."""
    standing = Standing()
    follower = Follower(log, topics.SERVING, standing)
    await follower.start()
    await follower.stop()
    return {key: {**pointing, "position": ""} for key, pointing in standing.known.items()}


async def test_kills_between_an_outcome_and_its_copy_leave_the_topic_equal_to_the_log(
    cluster: Cluster, tmp_path: Path
) -> None:
    log = cluster.log()
    await make_topics(log, 2)
    async with (
        processes(log, tmp_path, 1, ROLLBOOK_SNAPSHOT_EVERY="60") as (service,),
        traffic(log, models=3) as flow,
        flow.flowing(8),
    ):
        for _ in range(2):
            await flow.answered(60, 90)
            await service.kill()  # the outcomes stand; their copies may not
            await service.start()
        await flow.answered(20, 90)
    async with serving(log) as last:  # the last claim heals
        await until(lambda: len(last.group.serving) == 2)
        wanted = folded(await whole_log(log))
        assert wanted

        async def equal() -> bool:
            return await followed(log) == wanted

        await until(equal)
