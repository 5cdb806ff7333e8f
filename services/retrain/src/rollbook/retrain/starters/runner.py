"""Runs one command in a folder and leaves there what became of it; stands alone, for any Python.

Called as `runner.py FOLDER WORKING-FOLDER COMMAND…`. It returns at once: a child goes on, which
nobody waits for, so that it outlives who called.
"""

import os
import subprocess
import sys
from pathlib import Path


def main(folder: Path, work: str, command: "list[str]") -> None:
    """Run the command, if nobody has begun to."""
    if os.fork():
        return
    os.setsid()
    try:
        (folder / "begun").mkdir()
    except FileExistsError:
        os._exit(0)
    put(folder / "birth", birth(os.getpid()))
    put(folder / "process", str(os.getpid()))
    code = run(folder, work, command)
    put(folder / "ended", str(code))
    os._exit(0)


def run(folder: Path, work: str, command: "list[str]") -> int:
    """The command's exit code; 127 where it cannot be started."""
    with (folder / "stdin").open("rb") as said, (folder / "output").open("wb") as output:
        try:
            return subprocess.call(command, cwd=work, stdin=said, stdout=output, stderr=output)
        except OSError as error:
            output.write(str(error).encode())
            return 127


def birth(process: int) -> str:
    """As `local.birth`."""
    try:
        line = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return "there"
    return line[line.rindex(")") + 2 :].split()[19]


def put(path: Path, text: str) -> None:
    """Whole, or not at all."""
    whole = path.with_name(f"{path.name}.new")
    whole.write_text(text)
    whole.rename(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
