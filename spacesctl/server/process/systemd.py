"""Notifications to a service manager (sd_notify(3)): ready, stopping, and that the event loop is alive."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import MutableMapping


class Manager:
    """Does nothing without a service manager. The variables are removed from `environ`, so that child processes send no
    notifications.
    """

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._path = environ.pop("NOTIFY_SOCKET", "")
        watchdog, pid = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", str(os.getpid()))
        self._watchdog = int(watchdog) / 1e6 if watchdog.isdigit() and pid == str(os.getpid()) else 0.0

    @property
    def is_watching(self) -> bool:
        """Whether it ends this process when it hears nothing from it for a while."""
        return bool(self._watchdog and self._path)

    def ready(self) -> None:
        """The server accepts connections."""
        self._tell(f"READY=1\nMAINPID={os.getpid()}")

    def stopping(self) -> None:
        """The server is stopping."""
        self._tell("STOPPING=1")

    async def keep_alive(self) -> None:
        """Send watchdog notifications, two per timeout, from the event loop that serves. If it hangs, none are sent."""
        while self.is_watching:
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
