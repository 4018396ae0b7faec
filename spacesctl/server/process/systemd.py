"""What a service manager is told (sd_notify(3)): ready, stopping, and that the event loop still turns."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import MutableMapping


class Manager:
    """Silent where nobody asked to be told. `environ` loses the variables: child processes are not to speak for us."""

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._path = environ.pop("NOTIFY_SOCKET", "")
        watchdog, pid = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", str(os.getpid()))
        self._watchdog = int(watchdog) / 1e6 if watchdog.isdigit() and pid == str(os.getpid()) else 0.0

    def ready(self) -> None:
        self._tell(f"READY=1\nMAINPID={os.getpid()}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    async def keep_alive(self) -> None:
        """Twice in the time after which the manager would end us. Sent from the loop that serves: when it hangs, nothing is."""
        while self._watchdog and self._path:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self._watchdog / 2)

    def _tell(self, text: str) -> None:
        if not self._path:
            return
        # An abstract socket's name begins with a zero byte, which is written as @.
        place = "\0" + self._path[1:] if self._path.startswith("@") else self._path
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.setblocking(False)
            manager.sendto(text.encode(), place)
