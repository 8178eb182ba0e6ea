"""Become another program that ends with its parent. The first moment of every process that Pallet starts.

    python child.py PARENT SIGNAL [--unprivileged] -- PROGRAM ARGUMENT...

On Linux the kernel sends SIGNAL (a number) when the process PARENT dies, however it dies. With
--unprivileged, root becomes `nobody` first, because PostgreSQL refuses to run as root. Only the standard
library is used, so that this takes 10 ms.
"""

import ctypes
import os
import sys
from collections.abc import Sequence

NOBODY = 65534
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAPABILITY_VERSION_3 = 0x20080522


def end_with(parent: int, how: int) -> None:
    """Ask the kernel (Linux) for the signal `how` when the parent dies; end now if it already has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, how, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def become_nobody() -> None:
    """Give root up, and keep of its rights only that to read and write everyone's files.

    So a project folder that only root may enter works too. Whatever this process makes belongs to `nobody`.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    if libc:
        keep_file_access(libc)


def keep_file_access(libc: ctypes.CDLL) -> None:
    """Carry the two file capabilities over the change of user and the exec that follows (capabilities(7)).

    A container may have taken them away; what `nobody` may do is then enough in most folders.
    """
    for wanted in ((1 << CAP_DAC_OVERRIDE) | (1 << CAP_DAC_READ_SEARCH), 1 << CAP_DAC_OVERRIDE):
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        data = (ctypes.c_uint32 * 6)(wanted, wanted, wanted, 0, 0, 0)
        if libc.capset(header, data) == 0:
            for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
                libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return


def main(arguments: Sequence[str]) -> None:
    """Prepare this process, then become the program; the pid stays."""
    parent, how, *rest = arguments
    program = rest[rest.index("--") + 1 :]
    if rest[0] == "--unprivileged" and os.geteuid() == 0:
        become_nobody()
    end_with(int(parent), int(how))  # last: a change of user takes the wish back
    try:
        os.execvp(program[0], program)  # noqa: S606  # nosec B606
    except OSError as error:
        sys.exit(f"{program[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
