"""Starts other servers that are compared with ours."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from spacesctl.domain.errors import Unavailable
from spacesctl.probe import machine
from spacesctl.probe.children import ends_with_parent

START_WITHIN: Final = 10.0
"""Seconds within which a program must accept connections."""


@asynccontextmanager
async def running(words: Sequence[str], port: int, *, pinned: bool = True) -> AsyncIterator[int]:
    """Run the command `words`, which listens on a TCP port of this machine, and give its process id. When `pinned`, it has the measured
    core for itself. Raises Unavailable when it does not accept connections in time."""
    measured, rest = machine.cores()
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=ends_with_parent(signal.SIGKILL),  # a bench that is killed leaves no program behind
    )
    try:
        if pinned:
            machine.pin(process.pid, measured)
            machine.pin_self(rest)
        await _answering(process, port, words[0])
        if pinned:
            machine.pin(process.pid, measured)  # again, with the threads that it has started
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _answering(process: asyncio.subprocess.Process, port: int, name: str) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + START_WITHIN
    while loop.time() < end and process.returncode is None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise Unavailable(f"{name} does not answer on port {port}")


def free_port(kind: int) -> int:
    """A port that is free now. `kind` is SOCK_STREAM for TCP or SOCK_DGRAM for UDP."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
