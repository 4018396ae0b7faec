"""How many processors are idle, as Linux tells it; elsewhere nobody knows."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WINDOW: Final = 1.5
"""Seconds that are looked back: moments in which many work more than they do on average are over by then."""
_CLOCK_TICKS: Final = os.sysconf("SC_CLK_TCK")


def idle_seconds() -> float | None:
    """Seconds that all processors together have been idle so far (proc(5): `/proc/stat`), to 10 ms. None where that is not known, and
    where this process may not use all of them: what others have idle is no use to it."""
    try:
        if len(os.sched_getaffinity(0)) != os.cpu_count():
            return None
        with Path("/proc/stat").open(encoding="ascii") as file:
            fields = file.readline().split()
        return (int(fields[4]) + int(fields[5])) / _CLOCK_TICKS
    except (OSError, AttributeError, IndexError, ValueError):
        return None


def ran_seconds(pid: int) -> float:
    """The CPU time of a process so far (proc(5): `schedstat`); 0 when it is not known."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


@dataclass(frozen=True)
class Use:
    """Processors on average over the last moments: how many were `idle`, and how many the recognisers took."""

    idle: float
    recognisers: float


class Processors:
    """`look` is called now and then, not in an event loop: it reads files. A container that may not use all the time of its processors
    sees more of it idle than it can have: there the lag alone decides."""

    def __init__(
        self,
        idle: Callable[[], float | None] = idle_seconds,
        ran: Callable[[int], float] = ran_seconds,
    ) -> None:
        self._idle = idle
        self._ran = ran
        self._ran_so_far = dict[int, float]()
        self._spent = 0.0
        self._seen: deque[tuple[float, float, float]] = deque()

    def look(self, now: float, pids: Iterable[int]) -> Use | None:
        """Take the time, and the process ids of the recognisers. None as long as nothing is known."""
        idle = self._idle()
        if idle is None:
            return None
        before, self._ran_so_far = self._ran_so_far, {pid: self._ran(pid) for pid in pids}
        self._spent += sum(max(0.0, ran - before.get(pid, 0.0)) for pid, ran in self._ran_so_far.items())
        self._seen.append((now, idle, self._spent))
        while len(self._seen) > 1 and now - self._seen[1][0] >= WINDOW:
            self._seen.popleft()
        began, idle_then, spent_then = self._seen[0]
        if now - began < WINDOW:
            return None
        return Use((idle - idle_then) / (now - began), (self._spent - spent_then) / (now - began))
