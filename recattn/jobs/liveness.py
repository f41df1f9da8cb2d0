"""Whether the process that does a job is still alive, whatever happened to process ids, clocks and machines since."""

import os
import platform
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

HEARTBEAT_SECONDS = 60  # a job of another machine is believed alive this long after its last sign of life
_SAME_START_SECONDS = 1.0  # a process id is not used again within a second; clocks are read to a hundredth


@dataclass(frozen=True)
class ProcessIdentity:
    """One process and no other: its id, when after the machine's start it began, and on which machine that was.

    The start is counted from the machine's start because wall clocks are corrected; the machine is named by its
    boot and its process namespace, so that neither a reboot nor another container is mistaken for this place.
    """

    pid: int
    started_seconds: float
    place: str


def this_process() -> ProcessIdentity:
    """The process that asks."""
    return identity_of(os.getpid())


def identity_of(pid: int) -> ProcessIdentity:
    """The process with that id on this machine.

    Raises:
        psutil.NoSuchProcess: when there is none.
    """
    return ProcessIdentity(pid, _started(psutil.Process(pid)), this_place())


def is_alive(process: ProcessIdentity, heartbeat: float) -> bool:
    """Whether that very process runs. A zombie does not; one elsewhere does as long as its heartbeat is fresh.

    Args:
        process: as it was when it began.
        heartbeat: Unix time of its last sign of life.
    """
    if process.place != this_place():
        return abs(time.time() - heartbeat) < HEARTBEAT_SECONDS
    try:
        found = psutil.Process(process.pid)
        if found.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return False
        return abs(_started(found) - process.started_seconds) < _SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return False


@cache
def this_place() -> str:
    """This machine since its last start, and this process namespace."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    namespace = Path("/proc/self/ns/pid")
    if not boot.exists() or not namespace.is_symlink():
        return platform.node()
    return f"{boot.read_text().strip()} {namespace.readlink()}"


def _started(process: psutil.Process) -> float:
    return round(process.create_time() - psutil.boot_time(), 2)
