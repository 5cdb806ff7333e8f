"""`python -m rollbook.embedded FOLDER`: one stack in the foreground, until Ctrl-C."""

import argparse
import signal
import sys
from pathlib import Path

from rollbook.embedded import Progress, Stack, StackError, prepare


def main() -> int:
    """Return the exit code: 0 after Ctrl-C or SIGTERM, 1 where the stack cannot run."""
    parser = argparse.ArgumentParser(prog="python -m rollbook.embedded", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="where all data of the stack lives")
    parser.add_argument("--prepare", action="store_true", help="download everything, then end")
    parser.add_argument("--no-fallback", action="store_true", help="real Kafka or nothing")
    wanted = parser.parse_args()
    if not wanted.prepare and not wanted.folder:
        parser.error("name a folder, or --prepare")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if wanted.prepare:
            prepare(say)
        if wanted.folder:
            with Stack(wanted.folder, report=say, allow_fallback=not wanted.no_fallback) as stack:
                where = stack.endpoints
                sys.stdout.write(f"KAFKA={where.kafka}\nPOSTGRES={where.postgres}\n")
                say("Ctrl-C stops it")
                sys.stdout.flush()
                signal.pause()
    except StackError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def say(line: str) -> None:
    """Write a line to stderr; draw progress in place on a terminal, elsewhere only its end."""
    running = isinstance(line, Progress) and line.done < line.total
    if not running or sys.stderr.isatty():
        sys.stderr.write(line + ("\r" if running else "\n"))
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
