"""A process that only wakes up every 20 ms on the measured core. When it is late, the machine itself stalled.

Run as `python -m spacesctl.probe.jitter_probe`. It answers each line on its standard input with its counts since the previous line.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Final

from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.probe import machine

LATE: Final = 0.01
"""A tick that is later than this many seconds counts as late, as in the engine."""


@dataclass(frozen=True)
class Jitter:
    """What a jitter probe saw: its `ticks`, those more than 10 ms `late`, and by how many milliseconds the worst was late."""

    ticks: int
    late: int
    late_ms_max: float


def altogether(seen: Sequence[Jitter]) -> Jitter:
    """Several times as one."""
    worst = max((one.late_ms_max for one in seen), default=0.0)
    return Jitter(sum(one.ticks for one in seen), sum(one.late for one in seen), worst)


class JitterProbe:
    """A running jitter probe."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def read(self) -> Jitter:
        """What it saw since the previous call."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        return Jitter(**json.loads(await self._process.stdout.readline()))


@asynccontextmanager
async def jitter_probe(cores: set[int] | None = None) -> AsyncIterator[JitterProbe]:
    """Run a jitter probe on these cores, or on any core."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        if cores:
            machine.pin(process.pid, cores)
        here = JitterProbe(process)
        await here.read()  # returns once the process runs
        yield here
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def main() -> None:
    ticks = late = 0
    worst, due = 0.0, time.monotonic() + TICK_SECONDS
    while True:
        asked = select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]
        behind = time.monotonic() - due
        if behind >= 0:
            ticks += 1
            late += behind > LATE
            worst = max(worst, behind)
            due += TICK_SECONDS * (1 + behind // TICK_SECONDS)
        if asked:
            if not os.read(sys.stdin.fileno(), 64):
                return
            seen = Jitter(ticks, late, round(1000 * worst, 3))
            os.write(sys.stdout.fileno(), json.dumps(asdict(seen)).encode() + b"\n")
            ticks, late, worst = 0, 0, 0.0


if __name__ == "__main__":
    main()
