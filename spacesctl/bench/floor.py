"""`bench floor`: what the same sending costs a C program that does nothing else, with libsrtp and with OpenSSL alone."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from spacesctl.bench.fanout import slopes
from spacesctl.bench.voice import packets
from spacesctl.domain.errors import Refused
from spacesctl.probe import machine
from spacesctl.probe.listener_pool import BATCH, VISIT
from spacesctl.probe.receive_loop import ReceiveLoop

SOURCE: Final = Path(__file__).with_name("floor.c")
WAYS: Final = {
    "srtp": ("libsrtp", "libsrtp2-dev", ["-DWITH_SRTP"], ["-lsrtp2"]),
    "evp": ("OpenSSL", "libssl-dev", ["-DWITH_EVP"], ["-lcrypto"]),
}
"""By name: whose cipher it is, the Debian package that has its headers, and what the compiler is told."""


async def measure(
    counts: Sequence[int], seconds: float, ways: Sequence[str], note: Callable[[str], None]
) -> dict[str, Any]:
    """For each cipher and number of listeners the CPU that it takes. Raises Refused, naming what is missing."""
    machine.need_linux()
    machine.need_descriptors(max(counts))
    size = round(sum(map(len, packets())) / len(packets()))
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="spacesctl-floor-") as folder:
        for way in ways:
            program = await asyncio.to_thread(compiled, way, Path(folder))
            note(f"floor with {WAYS[way][0]}")
            points = [await run(program, way, count, seconds, size) for count in sorted(counts)]
            found[way] = {
                "windows": points,
                "slopes": slopes([(point["listeners"], point["core_percent"]) for point in points]),
            }
    return {"machine": machine.described(), "payload_bytes": size, "ways": found}


def compiled(way: str, folder: Path) -> Path:
    """The program, built for one cipher. Raises Refused when there is no compiler, or no headers."""
    name, package, defines, libraries = WAYS[way]
    compiler = shutil.which("cc")
    if compiler is None:
        raise Refused("no_compiler", "there is no C compiler (cc) here", hint="apt-get install gcc libc6-dev")
    program = folder / f"floor-{way}"
    words = [compiler, "-O2", "-o", str(program), *defines, str(SOURCE), *libraries]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  # the compiler, on our source
    if done.returncode:
        raise Refused(
            "no_headers",
            f"the floor with {name} does not compile: {_first(done.stderr)}",
            hint=f"apt-get install {package}",
        )
    return program


async def run(program: Path, way: str, count: int, seconds: float, size: int) -> dict[str, Any]:
    """The program, sending to `count` sockets that are read as the listeners' are."""
    async with sockets(count) as (ports, drained):
        process = await asyncio.create_subprocess_exec(
            str(program), way, str(seconds), str(size), "127.0.0.1",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        measured, rest = machine.cores()
        machine.pin(process.pid, measured)
        machine.pin_self(rest)
        out, _ = await process.communicate("\n".join(map(str, ports)).encode())
        said = json.loads(out)
        await asyncio.sleep(2 * VISIT)
        arrived = drained()
    core = said["cpu"] / said["seconds"]
    return {
        "listeners": count,
        "seconds": round(said["seconds"], 2),
        "core_percent": round(100 * core, 2),
        "cpu_ms_per_listener_second": round(1000 * core / count, 4),
        "ticks": said["ticks"],
        "ticks_late": said["late"],
        "packets": arrived,
        "lost": said["ticks"] * count - arrived,
    }


@asynccontextmanager
async def sockets(count: int) -> AsyncIterator[tuple[list[int], Callable[[], int]]]:
    """Sockets on loopback, drained in turn; their ports, and how many RTP packets they got."""
    drain = ReceiveLoop()
    with ExitStack() as stack:
        ears = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
        for ear in ears:
            ear.bind(("127.0.0.1", 0))

        async def visit() -> None:
            while True:
                began = time.monotonic()
                for place, ear in enumerate(ears):
                    drain.read(ear)
                    if place % BATCH == BATCH - 1:
                        await asyncio.sleep(max(0.0, began + VISIT * place / count - time.monotonic()))
                await asyncio.sleep(max(0.005, began + VISIT - time.monotonic()))

        task = asyncio.create_task(visit())
        try:
            yield [ear.getsockname()[1] for ear in ears], lambda: sum(one.count for one in drain.tallies.values())
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _first(said: str) -> str:
    lines = [line for line in said.splitlines() if "error" in line]
    return (lines or said.splitlines() or ["the compiler says nothing"])[0][-200:]
