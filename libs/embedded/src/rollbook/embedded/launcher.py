"""Runs between fork and exec of a child: become whom it must be, die with the parent, leave a pid.

Started as a script by `process.py` (`python -I -S launcher.py …`), so it imports only the standard
library. A `preexec_fn` would do the same inside the parent, but is not safe beside threads.
"""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
FAILED = 111


def started(pid: int) -> str | None:
    """Tell when the process began, in the kernel's own notation; None where it is gone or a zombie.

    Together with the pid this names one process for ever, as a pid alone does not.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return None if fields[0] in (b"Z", b"X") else fields[19].decode()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    ps = subprocess.run(
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return ps.stdout.strip() or None


def own_user_namespace() -> None:
    """Become uid 1000 in a new user namespace, still the same user outside of it."""
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"1000 {user} 1"),
        ("gid_map", f"1000 {group} 1"),
    ):
        Path("/proc/self", name).write_text(text)


def main(parent: str, death: str, identity: str, pid_file: str, *command: str) -> None:
    """Become the command."""
    # The pid is written here and not by the parent, which may be killed before it could.
    if pid_file:
        new = Path(pid_file + ".new")
        new.write_text(json.dumps({"pid": os.getpid(), "started": started(os.getpid())}))
        new.replace(pid_file)
    if identity == "namespace":
        own_user_namespace()
    elif identity:
        user, group = map(int, identity.split(":"))
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    if sys.platform == "linux":
        # After the change of identity, which would clear it.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death))
        if os.getppid() != int(parent):
            sys.exit(FAILED)
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.stderr.write(f"launcher: {error}\n")
        sys.exit(FAILED)
