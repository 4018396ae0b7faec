"""The one clock of a process, passed to whatever asks for the time, so that tests can let it run at any speed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the time: of day, and since some moment."""

    def now(self) -> datetime:
        """The present time in UTC, in whole milliseconds: the resolution of the store, so what is decided with it equals what is stored."""

    def monotonic(self) -> float:
        """Seconds since some moment. Never goes back, also when the wall clock is set."""

    def elapsed(self) -> float:
        """Seconds since the machine was started, also those in which it slept. Comparable within one `boot`."""

    @property
    def boot(self) -> str:
        """Identifies this start of the machine."""


class RealClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The present time in UTC, in whole milliseconds."""
        return _in_milliseconds(datetime.now(UTC))

    def monotonic(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def elapsed(self) -> float:
        """Seconds since the machine was started; without sleep where the system does not count it."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()

    @property
    def boot(self) -> str:
        """The kernel's id of this start; empty where it gives none."""
        return _boot()


REAL: Clock = RealClock()


class VirtualClock:
    """A clock that begins at `start` and runs `speed` times as fast as the real one (0: it stands), or is moved by `advance`."""

    def __init__(self, start: datetime, speed: float = 0.0) -> None:
        self._start = start
        self._speed = speed
        self._began = time.monotonic()
        self._moved = 0.0

    def now(self) -> datetime:
        """The time that it shows, in UTC and whole milliseconds."""
        return _in_milliseconds(self._start + timedelta(seconds=self.monotonic()))

    def monotonic(self) -> float:
        """Seconds since it began, as it runs."""
        return (time.monotonic() - self._began) * self._speed + self._moved

    def elapsed(self) -> float:
        """The same: this machine never sleeps."""
        return self.monotonic()

    boot = "virtual"
    """One start for all clocks of this kind."""

    def advance(self, seconds: float) -> None:
        """Move it ahead."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self._moved += seconds


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _in_milliseconds(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
