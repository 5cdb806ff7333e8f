"""Walls that a process raises around itself before it touches what nobody trusts (Linux).

None of them needs a privilege, a namespace or a daemon, so they stand in a container as well:
`no_new_privs`, resource limits, Landlock for files and seccomp for all else. They hold for good.
"""

import ctypes
import math
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Final

from rollbook.probes.syscalls import CLONE3, MACHINES, Machine


class Wall(StrEnum):
    """What a walled process can no longer do."""

    FILES = "files"
    """Read what is not the model or a library, and write outside its scratch folder."""
    NETWORK = "network"
    """Open a socket; start a process or a program; signal another process."""


def bounded(memory: int, file: int) -> None:
    """Limits that the kernel keeps even if whoever watches us is gone."""
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_FSIZE, file),
        # Address space, used or not: thread pools reserve far more of it than they use.
        (resource.RLIMIT_DATA, 2 * memory + (1 << 30)),
    ):
        _, hard = resource.getrlimit(limit)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (bound, bound))


def timed(seconds: int) -> None:
    """The same for processor time, from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(used.ru_utime + used.ru_stime) + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    most = until + 5 if hard == resource.RLIM_INFINITY else min(until + 5, hard)
    # The softer one tells why, by its signal.
    resource.setrlimit(resource.RLIMIT_CPU, (min(until, most), most))


def raised(readable: Iterable[Path], scratch: Path) -> frozenset[Wall]:
    """The wall around files, where this kernel has it."""
    if sys.platform != "linux":
        return frozenset()
    _prctl(_PDEATHSIG, signal.SIGKILL)
    _prctl(_NO_NEW_PRIVS, 1)
    return frozenset({Wall.FILES}) if _landlock(readable, scratch) else frozenset()


def closed() -> frozenset[Wall]:
    """The wall around the network and other processes, for all threads there are."""
    machine = MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return frozenset()
    _without_capabilities()
    return frozenset({Wall.NETWORK}) if _seccomp(machine) else frozenset()


_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_PDEATHSIG, _NO_NEW_PRIVS = 1, 38


def _prctl(option: int, value: int) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _without_capabilities() -> None:
    # Root gives up what makes it root; for others there is nothing to give up.
    _LIBC.syscall(
        {"x86_64": 126, "aarch64": 91}[platform.machine()],
        struct.pack("II", 0x20080522, 0),
        bytes(24),
    )


# Landlock: https://docs.kernel.org/userspace-api/landlock.html

_EXECUTE, _WRITE, _READ, _LIST, _TRUNCATE = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE
_CREATE, _RULESET, _ADD, _RESTRICT = None, 444, 445, 446


def _landlock(readable: Iterable[Path], scratch: Path) -> bool:
    version = _LIBC.syscall(_RULESET, _CREATE, 0, 1)
    if version < 3:  # before, a file could be truncated
        return False
    handled = (1 << 15) - 1
    network = 3 if version >= 4 else 0
    scoped = 3 if version >= 6 else 0
    given = struct.pack("QQQ", handled, network, scoped)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _LIBC.syscall(_RULESET, given, size, 0)
    if ruleset < 0:
        return False
    try:
        for path in readable:
            _allow(ruleset, path, _READ | _LIST | _EXECUTE)
        _allow(ruleset, scratch, handled & ~_EXECUTE)
        _allow(ruleset, Path("/dev/null"), _READ | _WRITE)
        return bool(_LIBC.syscall(_RESTRICT, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there need not be allowed
    try:
        rights = access if path.is_dir() else access & _OF_FILES
        _LIBC.syscall(_ADD, ruleset, 1, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


# seccomp: a filter in classic BPF over `struct seccomp_data`

_LOAD, _EQUAL, _MASK, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_NUMBER, _ARCH, _FIRST = 0, 4, 16
"""Where the call's number, the machine and its first argument stand."""
_CLONE_THREAD, _X32 = 0x00010000, 0x40000000


def _seccomp(machine: Machine) -> bool:
    code = b"".join(_rules(machine))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    number = {"x86_64": 317, "aarch64": 277}[platform.machine()]
    return bool(_LIBC.syscall(number, 1, 1, program) == 0)  # SET_MODE_FILTER, all threads


def _rules(machine: Machine) -> Iterable[bytes]:
    yield _step(_LOAD, _ARCH)
    yield from _unless(_EQUAL, machine.audit, _KILL)
    yield _step(_LOAD, _NUMBER)
    yield from _if(_MASK, _X32, _KILL)
    yield from _if(_EQUAL, CLONE3, _ERRNO | _ENOSYS)
    for number in machine.denied:
        yield from _if(_EQUAL, number, _ERRNO | _EPERM)
    # Threads are made by `clone`, and processes too.
    yield _step(_EQUAL, machine.clone, 0, 4)
    yield _step(_LOAD, _FIRST)
    yield _step(_MASK, _CLONE_THREAD, 1, 0)
    yield _step(_RETURN, _ERRNO | _EPERM)
    yield _step(_RETURN, _ALLOW)
    # A process may end itself, and change its own limits.
    for number, own in ((machine.tgkill, os.getpid()), (machine.prlimit, 0)):
        yield _step(_EQUAL, number, 0, 4)
        yield _step(_LOAD, _FIRST)
        yield _step(_EQUAL, own, 1, 0)
        yield _step(_RETURN, _ERRNO | _EPERM)
        yield _step(_RETURN, _ALLOW)
    yield _step(_RETURN, _ALLOW)


def _if(test: int, value: int, verdict: int) -> Iterable[bytes]:
    yield _step(test, value, 0, 1)
    yield _step(_RETURN, verdict)


def _unless(test: int, value: int, verdict: int) -> Iterable[bytes]:
    yield _step(test, value, 1, 0)
    yield _step(_RETURN, verdict)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)
