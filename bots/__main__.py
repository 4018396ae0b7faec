"""`python -m bots supervisor --url URL [--model DIR] [--data DIR]`: the bots of all Spaces of a server, in one process.

The first line of stdin is the token, so that it is in no argument and no environment variable. The process ends when stdin is closed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from bots.supervisor import Supervisor, model_finder
from spacesctl.support.logs import configure
from spacesctl.support.parent import wake_when_parent_ends
from spacesctl.support.terminal import write_line

BEAT_SECONDS = 1.0
"""Between two beats on stdout."""
MAX_TOKEN = 4096
"""Bytes of the first line of stdin that are read at most."""


def main() -> int:
    """Read the arguments and the token, and run the bots until told to end; the exit code."""
    parser = argparse.ArgumentParser(prog="bots")
    parser.add_argument("command", choices=["supervisor"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    configure("info", "bots")
    wake_when_parent_ends()
    token = read_token(0)
    if not token:
        write_line(
            "bots: the token must be the first line of stdin; `spacesctl serve` starts the bots by itself", err=True
        )
        return 2
    asyncio.run(_serve(options.url, token, options.model, options.data))
    return 0


def read_token(fd: int) -> str:
    """The first line of `fd`, read byte by byte: a buffered reader holds a lock, and at exit the thread in `_watch` would wait for it."""
    line = b""
    while len(line) < MAX_TOKEN and (byte := os.read(fd, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode("ascii", "replace").strip()


async def _serve(url: str, token: str, model: Path | None, data: Path | None) -> None:
    from bots.api import ServerApi
    from spacesctl.client.aio import AsyncClient

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, lambda: None)  # it is the server's, and reaches the whole process group
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(target=_watch, args=(0, loop, stop), daemon=True).start()
    async with AsyncClient(url, token) as client:
        task = asyncio.create_task(Supervisor(ServerApi(client), model_finder(model, data)).run())
        stopping, beating = asyncio.create_task(stop.wait()), asyncio.create_task(_beat(1))
        await asyncio.wait({task, stopping, beating}, return_when=asyncio.FIRST_COMPLETED)
        for each in (task, stopping, beating):
            each.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _beat(fd: int) -> None:
    """Write a line each second, so that the server knows that this process neither hangs nor is stopped. Never returns."""
    is_pipe = not os.isatty(fd)
    if is_pipe:
        os.set_blocking(fd, False)
    while True:
        if is_pipe:
            with suppress(OSError):  # the server reads slowly, or has ended; then stdin says so too
                os.write(fd, b"alive\n")
        await asyncio.sleep(BEAT_SECONDS)


def _watch(fd: int, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Set `stop` when stdin is closed: the server has ended, or asks this process to end."""
    with suppress(OSError):
        while os.read(fd, 1024):
            pass
    with suppress(RuntimeError):  # the loop is closed already
        loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    sys.exit(main())
