"""Calls to the operating system that keep processes from outliving the one that started them."""

import ctypes
import hashlib
import os
import signal
import socket
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True) if os.uname().sysname == "Linux" else None


def die_with_parent(parent: int | None = None, sign: int = signal.SIGTERM) -> None:
    """Ask the kernel to send `sign` to this process when its parent ends, however it ends (Linux
    only).

    Call it right after a fork; give the parent's id if known, since it may be gone already.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, sign, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), sign)


def adopt_orphans() -> None:
    """From now on processes below this one whose parent ends become its children (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def machine() -> str:
    """A short name of this machine since its last start, as its processes see it (container and
    all); empty without /proc. Two processes of one machine can see whether the other one lives.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
    told = f"{socket.gethostname()} {boot} {space}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def began(pid: int) -> str | None:
    """When a process began, in clock ticks since the machine did; None if there is none (or only
    its remains, which nobody has waited for yet).
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *rest = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return None if state in "ZX" else rest[18]


def children() -> list[int]:
    """Process ids of this process's own children, ended ones included; [] without /proc."""
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(word) for word in listing.read_text().split()] if listing.exists() else []


def end_orphans(grace: float = 2.0) -> int:
    """End whatever children are left: politely, then for good; how many there were."""
    left = children()
    deadline = time.monotonic() + grace
    sign = signal.SIGTERM
    while remaining := children():
        for pid in remaining:
            os.kill(pid, sign)
            ended, _status = os.waitpid(pid, os.WNOHANG)
            if ended == 0:
                time.sleep(0.05)
        if time.monotonic() > deadline:
            sign = signal.SIGKILL
    return len(left)


def parent_make() -> int | None:
    """The process id of the `make` that started this process, if one did."""
    name = Path(f"/proc/{os.getppid()}/comm")
    return os.getppid() if name.exists() and name.read_text().strip() == "make" else None


def make_gave_up(make: int) -> bool:
    """Whether that make is gone or was told to stop by SIGINT.

    When only make gets the signal (not the whole group, as from a terminal) it does not pass it on
    but waits for its children. It shows, though: the signal's handling is back to the default.
    """
    try:
        lines = Path(f"/proc/{make}/status").read_text().splitlines()
    except OSError:
        return True
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigCgt", "SigIgn"))]
    return not any(mask >> (signal.SIGINT - 1) & 1 for mask in masks)
