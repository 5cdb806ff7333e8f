"""Ports on 127.0.0.1: free ones, remembered in the folder for as long as they stay free."""

import json
import random
import socket
from pathlib import Path

HOST = "127.0.0.1"
# Below the ranges from which Linux and macOS take ports for outgoing connections: a port that is
# free now stays free until our child has bound it.
CANDIDATES = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Tell whether a server could listen on it now."""
    with socket.socket() as probe:
        # As servers do it: connections of the last run that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def remembered(file: Path, count: int) -> list[int]:
    """Take the ports kept in the file if all are free; else new ones, then kept in the file."""
    try:
        ports = [int(port) for port in json.loads(file.read_text())]
    except (FileNotFoundError, ValueError, TypeError):
        ports = []
    if len(ports) != count or not all(map(is_free, ports)):
        ports = []
        for port in random.sample(CANDIDATES, len(CANDIDATES)):
            if is_free(port):
                ports.append(port)
            if len(ports) == count:
                break
        file.write_text(json.dumps(ports))
    return ports
