"""CPU time, memory and cores of a process, and a description of this machine (Linux)."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spacesctl.domain.errors import Refused
from spacesctl.rtc import sealing

_SPARE: Final = 64
"""File descriptors needed in addition to the listeners' sockets."""


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process and its threads so far, to the nanosecond. Raises FileNotFoundError when the process has ended."""
    tasks = Path(f"/proc/{pid}/task")
    return sum(_ran(task) for task in tasks.iterdir()) / 1e9


def memory_bytes(pid: int) -> int:
    """The resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid: int) -> int:
    """The number of open files of a process."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def children(pid: int) -> dict[int, str]:
    """The processes that a process started, with their command lines."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def pin(pid: int, cores: set[int]) -> None:
    """Bind a process and its threads to some cores. Does nothing if only one core is available."""
    if len(_allowed()) < 2:
        return
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            os.sched_setaffinity(int(task.name), cores)


def pin_self(cores: set[int]) -> None:
    """Bind this process and its threads to some cores."""
    pin(os.getpid(), cores)


def cores() -> tuple[set[int], set[int]]:
    """The core for the measured process, and the core for everything else. They differ if there are two or more."""
    return {_allowed()[0]}, {_allowed()[-1]}


@functools.cache
def _allowed() -> list[int]:
    """The cores that this process could use at the first call. They are cached because `pin_self` reduces them, and a second bench needs
    them all."""
    return sorted(os.sched_getaffinity(0))


def need_linux() -> None:
    """Raises Refused on any other system: the counters used here exist on Linux only."""
    if not Path("/proc/self/schedstat").exists():
        raise Refused("not_linux", "benches read /proc and use recvmmsg: they run on Linux only")


def need_descriptors(count: int) -> None:
    """Raise the limit of open files for `count` sockets. Raises Refused when the hard limit is too low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _SPARE
    if soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise Refused(
            "too_few_files", f"{count} listeners need {wanted} open files, and only {hard} are allowed: ulimit -Hn"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@dataclass(frozen=True)
class Machine:
    """A machine, for a report: `sealing` is what encrypts packets, `load` its load average of one minute, `at` when it was looked at."""

    cpu: str
    cores: int | None
    kernel: str
    python: str
    sealing: str
    load: float
    at: str


def described() -> Machine:
    """Describes this machine for a report."""
    info = Path("/proc/cpuinfo").read_text()
    models = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    return Machine(
        cpu=models[0] if models else platform.processor(),
        cores=os.cpu_count(),
        kernel=platform.release(),
        python=platform.python_version(),
        sealing="compiled" if sealing.COMPILED else "cryptography",
        load=round(os.getloadavg()[0], 2),
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )


def _ran(task: Path) -> int:
    try:
        return int((task / "schedstat").read_text().split()[0])
    except (OSError, ValueError):  # the thread ended while we counted
        return 0
