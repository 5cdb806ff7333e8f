"""Which topics the log is made of, over HTTP."""

import orjson
from fastapi import APIRouter, Response

from rollbook.eventlog.topics import EVENTS, TOPICS, LogAddress
from rollbook.query.door import Door
from rollbook.query.openapi import API


def router(address: LogAddress, door: Door) -> APIRouter:
    """The route that tells which topics the log is made of."""
    made = APIRouter(prefix=API, tags=["reads"])

    @made.get("/topics", summary="The topics, what each holds and how it is kept")
    async def list_topics() -> Response:
        """`partitions` is null while Kafka does not answer."""
        items = [
            {
                "name": address.name(topic),
                "key": topic.key,
                "holds": topic.holds,
                "partitions": (door.partitions or None) if topic.partitioned else 1,
                "config": dict(topic.config),
                "end_offsets": dict(sorted(door.ends.items()))
                if topic is EVENTS and door.ends
                else None,
            }
            for topic in TOPICS
        ]
        body = orjson.dumps({"items": items, "next": None}, option=orjson.OPT_NON_STR_KEYS)
        return Response(body, media_type="application/json")

    return made
