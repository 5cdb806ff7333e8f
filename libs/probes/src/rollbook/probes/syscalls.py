"""The numbers of the system calls that a walled process may not make, by machine."""

from typing import Final, NamedTuple


class Machine(NamedTuple):
    """What a seccomp filter must know of a processor."""

    audit: int
    """Its name in the filter's data: AUDIT_ARCH_…"""
    clone: int
    tgkill: int
    prlimit: int
    denied: tuple[int, ...]
    """New programs and processes, sockets, signals to others, leaving the process group, changing
    whose files are, and doors into the kernel that no model needs."""


CLONE3: Final = 435
"""Its flags lie where a filter cannot see them: it is said not to exist, and `clone` is used."""
COMMON: Final = (424, 425, 434, 438, 428, 429, 430, 431, 432, 442, 452)
"""pidfd_send_signal, io_uring_setup, pidfd_open, pidfd_getfd, the new mount calls, fchmodat2."""

MACHINES: Final = {
    "x86_64": Machine(
        audit=0xC000003E,
        clone=56,
        tgkill=234,
        prlimit=302,
        denied=(
            *(41, 42, 57, 58, 59, 322),  # socket connect fork vfork execve execveat
            *(62, 200, 129, 297),  # kill tkill rt_sigqueueinfo rt_tgsigqueueinfo
            *(109, 112, 101, 310, 311),  # setpgid setsid ptrace process_vm_readv/writev
            *(165, 166, 272, 308, 321, 323, 298),  # mount umount unshare setns bpf uffd perf
            *(248, 249, 250),  # add_key request_key keyctl
            *(90, 91, 92, 93, 94, 260, 268, 188, 189, 190, 197, 198, 199),  # chmod chown setxattr
            *COMMON,
        ),
    ),
    "aarch64": Machine(
        audit=0xC00000B7,
        clone=220,
        tgkill=131,
        prlimit=261,
        denied=(
            *(198, 203, 221, 281),
            *(129, 130, 138, 240),
            *(154, 157, 117, 270, 271),
            *(40, 39, 97, 268, 280, 282, 241),
            *(217, 218, 219),
            *(52, 53, 54, 55, 5, 6, 7, 14, 15, 16),
            *COMMON,
        ),
    ),
}
