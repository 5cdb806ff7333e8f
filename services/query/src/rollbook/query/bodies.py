"""The body of a request: JSON, and not too long."""

from fastapi import Request

from rollbook.eventlog.topics import COMMAND_LIMIT
from rollbook.query.problems import Problem

DRAIN_LIMIT = 16_000_000
"""Bytes of a body that is too large which are still read, so that its sender hears the answer."""

JSON = "application/json"


async def json_body(request: Request) -> bytes:
    """The whole body, if it is JSON and not too long."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= COMMAND_LIMIT:
            parts.append(part)
        elif size > DRAIN_LIMIT:
            break
    if size > COMMAND_LIMIT:
        raise Problem(413, "oversize", f"a body has at most {COMMAND_LIMIT:,} bytes")
    if kind != JSON:
        # Also what keeps other sites' pages out: a browser asks us before it sends JSON for them.
        raise Problem(415, "not_json", f"send the body with 'Content-Type: {JSON}'")
    return b"".join(parts)
