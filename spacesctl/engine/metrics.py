"""The engine's counters since its start, and the timings of its ticks in the last minute."""

from __future__ import annotations

import time
from collections import Counter
from typing import Final

import numpy as np

MINUTE: Final = 3000
"""Ticks in a minute."""


LATE: Final = 0.01
"""Seconds. A tick that begins later than this after its due time, half a tick, counts as late."""


class Ring:
    """The last `size` values of something, for percentiles."""

    def __init__(self, size: int = MINUTE) -> None:
        self._values = np.zeros(size, np.float64)
        self._count = 0

    def add(self, value: float) -> None:
        """Add a value; the oldest one drops out."""
        self._values[self._count % len(self._values)] = value
        self._count += 1

    def summary(self, name: str) -> dict[str, float]:
        """`name_p50`, `name_p99` and `name_max`, in the unit of the values; all 0 before the first value."""
        values = self._values[: min(self._count, len(self._values))]
        if not len(values):
            return {f"{name}_p50": 0.0, f"{name}_p99": 0.0, f"{name}_max": 0.0}
        middle, high = np.percentile(values, (50, 99))
        return {f"{name}_p50": float(middle), f"{name}_p99": float(high), f"{name}_max": float(values.max())}


class Metrics:
    """Counters by name, and timings of ticks in milliseconds: how late each began, its wall time, its CPU time, and its time by stage."""

    STAGES: Final = ("lanes", "encode", "send")

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter(
            ticks=0,
            ticks_skipped=0,
            ticks_late=0,
            effort_lowered=0,
            packets_in=0,
            packets_dropped=0,
            packets_out=0,
            packets_out_dropped=0,
        )
        self.late = Ring()
        self.work = Ring()
        self.cpu = Ring()
        self.stages = {stage: Ring() for stage in self.STAGES}
        self.spent = dict.fromkeys(self.STAGES, 0.0)
        self._lap_began = 0.0

    def lap(self, stage: str | None) -> None:
        """Add the time since the previous call to a stage of this tick. With None, only start timing."""
        now = time.perf_counter()
        if stage is not None:
            self.spent[stage] += now - self._lap_began
        self._lap_began = now

    def drop(self, reason: str) -> None:
        """Count an incoming packet that was dropped."""
        self.counters["packets_dropped"] += 1
        self.counters[f"dropped_{reason}"] += 1

    def tick_done(self, late: float, work: float, cpu: float) -> None:
        """Record a tick that began `late` seconds after its due time and took `work` seconds, of which it had the CPU for `cpu` seconds."""
        self.counters["ticks"] += 1
        self.counters["ticks_late"] += late > LATE
        self.late.add(late * 1000)
        self.work.add(work * 1000)
        self.cpu.add(cpu * 1000)
        for stage, seconds in self.spent.items():
            self.stages[stage].add(seconds * 1000)
            self.spent[stage] = 0.0

    def timings(self) -> dict[str, float]:
        """Median, 99th percentile and maximum of every timing over the last minute, in milliseconds."""
        found = self.late.summary("late_ms") | self.work.summary("work_ms") | self.cpu.summary("cpu_ms")
        for stage, ring in self.stages.items():
            found |= ring.summary(f"{stage}_ms")
        return {name: round(value, 3) for name, value in found.items()}
