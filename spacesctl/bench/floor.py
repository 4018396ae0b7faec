"""`bench floor`: the CPU that the same sending costs a C program that does nothing else, with libsrtp or with OpenSSL alone."""

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
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spacesctl.bench.fanout import Slope, slopes
from spacesctl.bench.voice import packets
from spacesctl.domain.errors import Refused
from spacesctl.probe import machine
from spacesctl.probe.children import ends_with_parent
from spacesctl.probe.listener_pool import BATCH, VISIT
from spacesctl.probe.machine import Machine
from spacesctl.probe.receive_loop import ReceiveLoop

SOURCE: Final = Path(__file__).with_name("floor.c")
"""The source of the program."""
WAYS: Final = {
    "srtp": ("libsrtp", "libsrtp2-dev", ["-DWITH_SRTP"], ["-lsrtp2"]),
    "evp": ("OpenSSL", "libssl-dev", ["-DWITH_EVP"], ["-lcrypto"]),
}
"""By name: the library with the cipher, the Debian package with its headers, and the arguments for the compiler."""


@dataclass(frozen=True)
class FloorWindow:
    """A measurement of `seconds` with `listeners`. `packets` are those that arrived."""

    listeners: int
    seconds: float
    core_percent: float
    cpu_ms_per_listener_second: float
    ticks: int
    ticks_late: int
    packets: int
    lost: int


@dataclass(frozen=True)
class FloorOf:
    """The floor with one cipher."""

    windows: list[FloorWindow]
    slopes: list[Slope]


@dataclass(frozen=True)
class Floor:
    """The result, by cipher."""

    machine: Machine
    payload_bytes: int
    ways: dict[str, FloorOf]


async def measure(counts: Sequence[int], seconds: float, ways: Sequence[str], note: Callable[[str], None]) -> Floor:
    """Measure the CPU for each cipher in `ways` and each number of listeners in `counts`. Raises Refused, which names what is missing."""
    machine.need_linux()
    machine.need_descriptors(max(counts))
    size = round(sum(map(len, packets())) / len(packets()))
    found: dict[str, FloorOf] = {}
    with tempfile.TemporaryDirectory(prefix="spacesctl-floor-") as folder:
        for way in ways:
            program = await asyncio.to_thread(compiled, way, Path(folder))
            note(f"floor with {WAYS[way][0]}")
            points = [await run(program, way, count, seconds, size) for count in sorted(counts)]
            found[way] = FloorOf(points, slopes([(point.listeners, point.core_percent) for point in points]))
    return Floor(machine.described(), size, found)


def compiled(way: str, folder: Path) -> Path:
    """Compile the program for one cipher into `folder`, and return its path. Raises Refused when the compiler or headers are missing."""
    name, package, defines, libraries = WAYS[way]
    compiler = shutil.which("cc")
    if compiler is None:
        raise Refused("no_compiler", "there is no C compiler (cc) here", hint="apt-get install gcc libc6-dev")
    program = folder / f"floor-{way}"
    words = [compiler, "-O2", "-o", str(program), *defines, str(SOURCE), *libraries]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  # runs the compiler on our own source
    if done.returncode:
        raise Refused(
            "no_headers",
            f"the floor with {name} does not compile: {_first(done.stderr)}",
            hint=f"apt-get install {package}",
        )
    return program


async def run(program: Path, way: str, count: int, seconds: float, size: int) -> FloorWindow:
    """Run the program for `seconds`. It sends packets with `size` bytes of payload to `count` sockets, which are read in the same way as
    those of listeners."""
    async with sockets(count) as (ports, received):
        process = await asyncio.create_subprocess_exec(
            str(program), way, str(seconds), str(size), "127.0.0.1",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, preexec_fn=ends_with_parent(),
        )  # fmt: skip
        measured, rest = machine.cores()
        machine.pin(process.pid, measured)
        machine.pin_self(rest)
        out, _ = await process.communicate("\n".join(map(str, ports)).encode())
        said = json.loads(out)
        await asyncio.sleep(2 * VISIT)
        arrived = received()
    core = said["cpu"] / said["seconds"]
    return FloorWindow(
        listeners=count,
        seconds=round(said["seconds"], 2),
        core_percent=round(100 * core, 2),
        cpu_ms_per_listener_second=round(1000 * core / count, 4),
        ticks=said["ticks"],
        ticks_late=said["late"],
        packets=arrived,
        lost=said["ticks"] * count - arrived,
    )


@asynccontextmanager
async def sockets(count: int) -> AsyncIterator[tuple[list[int], Callable[[], int]]]:
    """Sockets on loopback that are read in turn. Gives their ports, and a function that returns how many RTP packets they received."""
    receive_loop = ReceiveLoop()
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
        for sock in opened:
            sock.bind(("127.0.0.1", 0))

        async def visit() -> None:
            while True:
                began = time.monotonic()
                for place, sock in enumerate(opened):
                    receive_loop.read(sock)
                    if place % BATCH == BATCH - 1:
                        await asyncio.sleep(max(0.0, began + VISIT * place / count - time.monotonic()))
                await asyncio.sleep(max(0.005, began + VISIT - time.monotonic()))

        task = asyncio.create_task(visit())
        try:
            ports = [sock.getsockname()[1] for sock in opened]
            yield ports, lambda: sum(one.count for one in receive_loop.tallies.values())
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _first(said: str) -> str:
    lines = [line for line in said.splitlines() if "error" in line]
    return (lines or said.splitlines() or ["the compiler printed no error"])[0][-200:]
