"""The port that people type: 8080, or the next one that is free."""

import socket

from rollbook.cli.exits import Exit, Failure
from rollbook.embedded.ports import HOST, is_free

TRIED = 100


def from_(port: int) -> int:
    """The first free port from `port` on; for 0, any free one."""
    if port == 0:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            return int(probe.getsockname()[1])
    for candidate in range(port, min(port + TRIED, 65_536)):
        if is_free(candidate):
            return candidate
    raise Failure(
        Exit.ERROR,
        f"no port from {port} to {port + TRIED - 1} is free",
        advice="name another one: --port NUMBER",
        code="no_port",
    )
