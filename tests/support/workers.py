"""Services that only look and act, in processes of their own that can be killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rollbook.eventlog.topics import LogAddress


@contextmanager
def process(
    module: str, log: LogAddress, postgres: str, schema: str, output: Path, **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m module` at a log and its tables, with `ROLLBOOK_` settings; killed at the end."""
    environment = {
        **os.environ,
        "ROLLBOOK_KAFKA": log.kafka,
        "ROLLBOOK_APP": log.app,
        "ROLLBOOK_POSTGRES": postgres,
        "ROLLBOOK_SCHEMA": schema,
        **{f"ROLLBOOK_{name.upper()}": value for name, value in more.items()},
    }
    with output.open("ab") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", module], env=environment, stdout=out, stderr=out
        )
    try:
        yield started
    finally:
        started.kill()
        started.wait()
