"""What live Spaces cost that nobody uses: `python tests/bench/idle.py --spaces 500 --seconds 20`. Prints JSON.

Percent of a core by process, with so many and with none, and what one Space adds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import Any

from spacesctl.api.wire import plain
from spacesctl.bench.fanout import SETTLE
from spacesctl.bench.target import Target, target
from spacesctl.probe import machine


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spaces", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20.0)
    words = parser.parse_args()
    found = [await measure(count, words.seconds) for count in (1, words.spaces)]
    each = {
        name: round((found[1][name] - found[0][name]) / (words.spaces - 1), 5)
        for name in ("engine_core_percent", "control_core_percent")
    }
    print(json.dumps({"machine": plain(machine.described()), "windows": found, "a_further_space": each}))


async def measure(spaces: int, seconds: float) -> dict[str, Any]:
    async with target(speakers=0, spaces=spaces) as here:
        await asyncio.sleep(SETTLE)
        began, before = time.monotonic(), _busy(here)
        await asyncio.sleep(seconds)
        took = time.monotonic() - began
        engine, control = ((after - ago) * 100 / took for after, ago in zip(_busy(here), before, strict=True))
        return {
            "spaces": spaces,
            "engine_core_percent": round(engine, 3),
            "control_core_percent": round(control, 3),
            "engine_mib": round(machine.memory_bytes(here.pid) / 2**20, 1),
            "control_mib": round(machine.memory_bytes(here.server.process.pid) / 2**20, 1),
        }


def _busy(here: Target) -> tuple[float, float]:
    """CPU seconds so far of the engine, and of the process that started it."""
    return machine.cpu_seconds(here.pid), machine.cpu_seconds(here.server.process.pid)


if __name__ == "__main__":
    asyncio.run(main())
