"""As whom Postgres runs: it refuses to be root, so root runs it as somebody else."""

import os
import pwd
import subprocess
from pathlib import Path

from rollbook.embedded.process import command_for
from rollbook.embedded.report import StackError


def choose(folder: Path, postgres: Path) -> str:
    """Choose the `identity` for the launcher, so that the program can use the folder.

    "" where we are not root; else the owner of the data if that is not root; else uid 1000 of a
    user namespace, which is root outside of it, so that no file changes hands; else nobody, to whom
    the folder is given. Raises StackError where none of them can reach the program and the folder.
    """
    if os.geteuid() != 0:
        return ""
    data = folder / "data"
    owner = (data if data.exists() else folder).stat()
    if owner.st_uid != 0:
        candidates = [f"{owner.st_uid}:{owner.st_gid}"]
    else:
        candidates = ["namespace", *_nobody()]
    reasons = []
    for identity in candidates:
        if ":" in identity:
            _give(folder, identity)
        if not (reason := _obstacle(identity, folder, postgres)):
            return identity
        reasons.append(f"as {identity}: {reason}")
    if owner.st_uid == 0:
        _give(folder, "0:0")
    raise StackError(
        "Postgres does not run as root, and nobody else can run it here:\n  "
        + "\n  ".join(reasons)
        + f"\nStart as a normal user, or put both {folder} and the Python environment where other "
        "users may enter (not below /root), or point ROLLBOOK_POSTGRES to a server."
    )


def _nobody() -> list[str]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return []
    return [f"{entry.pw_uid}:{entry.pw_gid}"]


def _give(folder: Path, identity: str) -> None:
    user, group = map(int, identity.split(":"))
    for path in (folder, *folder.rglob("*")):
        os.lchown(path, user, group)


def _obstacle(identity: str, folder: Path, postgres: Path) -> str:
    """Say what keeps this identity from running the program in the folder; "" if nothing does."""
    probe = ("/bin/sh", "-c", '"$0" --version && cd "$1"', str(postgres), str(folder))
    run = subprocess.run(
        command_for(probe, identity=identity), capture_output=True, text=True, check=False
    )
    return "" if run.returncode == 0 else (run.stderr.strip() or f"exit code {run.returncode}")
