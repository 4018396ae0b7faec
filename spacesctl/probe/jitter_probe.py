"""A process that does nothing but wake up every 20 ms on the measured core: when it is late, it is the machine that stood still.

Run as `python -m spacesctl.probe.jitter_probe`; each line on its standard input is answered with what it saw since the one before.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.probe import machine

LATE: Final = 0.01
"""Seconds from which a tick is late: what the engine counts as such."""


class JitterProbe:
    """`read` tells `ticks`, how many of them were `late` (10 ms, as the engine counts), and `late_ms_max`, since the call before."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def read(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        seen: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return seen


@asynccontextmanager
async def jitter_probe(cores: set[int] | None = None) -> AsyncIterator[JitterProbe]:
    """Watch these cores, or any."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        if cores:
            machine.pin(process.pid, cores)
        here = JitterProbe(process)
        await here.read()  # it is awake
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
            seen = {"ticks": ticks, "late": late, "late_ms_max": round(1000 * worst, 3)}
            os.write(sys.stdout.fileno(), json.dumps(seen).encode() + b"\n")
            ticks, late, worst = 0, 0, 0.0


if __name__ == "__main__":
    main()
