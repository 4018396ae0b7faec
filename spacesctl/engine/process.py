"""Starts and stops the engine process, and exchanges messages with it.

    async with EngineProcess(udp="0.0.0.0:0") as engine:
        await engine.send(OpenSpace(...))
        async for message in engine:      # ends when the engine exits
            ...

The engine exits when its link is closed, so it also exits when control is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import sys
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Final

from spacesctl.engine.link import Link, connect_control
from spacesctl.engine.messages import PORT_TAKEN, Beat, FromEngine, Ready, Sync, Synced, ToEngine

STOP_SECONDS: Final = 2.0
"""Seconds that the engine has to close its peers before it is killed."""
SYNC_SECONDS: Final = 1.0
"""Seconds that `in_force` waits at most."""


class EngineFailed(RuntimeError):
    """The engine did not start. `why` says why; the engine's own log is on its stderr."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the media engine did not start: {why}")


class EngineProcess:
    """One engine process, started by `async with`. `udp` is HOST:PORT (`[::]:7000` for IPv6, port 0 for any free one); with `tcp` the
    engine also listens over TCP on that port where it is free; `timeout` is the seconds that it has to start; `heard` is called for
    each message, also for the beats that it sends every second and that iterating leaves out. Entering raises EngineFailed."""

    def __init__(
        self,
        udp: str = "127.0.0.1:0",
        *,
        tcp: bool = False,
        timeout: float = 15.0,
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        self._udp = udp
        self._tcp = tcp
        self._timeout = timeout
        self._heard = heard
        self._process: asyncio.subprocess.Process | None = None
        self._link: Link[ToEngine, FromEngine] | None = None
        self._messages: AsyncIterator[FromEngine] | None = None
        self._ready: Ready | None = None
        self._syncs: dict[int, asyncio.Future[None]] = {}
        self._numbers = itertools.count()

    @property
    def ready(self) -> Ready:
        """The engine's first message: its UDP address, its certificate's fingerprint and its clock. Only inside `async with`."""
        assert self._ready is not None, "only inside `async with`"
        return self._ready

    @property
    def pid(self) -> int:
        """The engine's process id. Only inside `async with`."""
        assert self._process is not None, "only inside `async with`"
        return self._process.pid

    async def __aenter__(self) -> EngineProcess:
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def send(self, message: ToEngine) -> None:
        """Send the engine a message. Messages take effect in the order of sending. Raises ConnectionError when the engine is gone."""
        assert self._link is not None, "only inside `async with`"
        await self._link.send(message)

    def post(self, message: ToEngine) -> bool:
        """Like `send`, but from code that cannot wait. Returns False when the engine is gone."""
        assert self._link is not None, "only inside `async with`"
        return self._link.post(message)

    async def in_force(self) -> None:
        """Wait until the engine has carried out what was posted before. Somebody must iterate over its messages meanwhile. Raises
        ConnectionError when the engine is gone or does not answer within `SYNC_SECONDS`."""
        number, done = next(self._numbers), asyncio.get_running_loop().create_future()
        if not self.post(Sync(number)):
            raise ConnectionResetError("the engine is gone")
        self._syncs[number] = done
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                await done
        except TimeoutError:
            raise ConnectionError("the engine does not answer") from None
        finally:
            del self._syncs[number]

    def _synced(self, number: int) -> None:
        if (done := self._syncs.get(number)) is not None and not done.done():
            done.set_result(None)

    async def __aiter__(self) -> AsyncIterator[FromEngine]:
        """The engine's messages after `Ready`; ends when the engine is gone. Raises `LinkError` on an invalid message. Iterate in one task
        at a time and do not pause for long: a reader that falls `link.QUEUE` bytes behind loses frames."""
        assert self._messages is not None, "only inside `async with`"
        async for message in self._messages:
            self._heard()
            if isinstance(message, Synced):
                self._synced(message.number)
            elif not isinstance(message, Beat):
                yield message
        for done in self._syncs.values():
            if not done.done():
                done.set_exception(ConnectionResetError("the engine is gone"))

    async def wait(self) -> int:
        """Wait until the engine exits. Returns its exit status, negative for a signal."""
        assert self._process is not None, "only inside `async with`"
        return await self._process.wait()

    async def _why(self) -> str:
        """Why it exited before it was ready."""
        with contextlib.suppress(TimeoutError):
            if await asyncio.wait_for(self.wait(), STOP_SECONDS) == PORT_TAKEN:
                port = self._udp.rpartition(":")[2]
                return (
                    f"UDP port {port} is taken, mostly by another spacesctl or by another server for sound (`ss -lunp` shows "
                    f"by which program); stop that one, or set `udp` (`serve --udp HOST:PORT`) to another port"
                )
        return "it exited before it was ready"

    def kill(self) -> None:
        """End the engine at once: it is stopped or hangs, and would not end by itself."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def stop(self) -> None:
        """Close the link and wait for the engine to exit; kill it after `STOP_SECONDS`. May be called twice."""
        if self._link is not None:
            self._link.close()
            await self._link.wait_closed()
        process = self._process
        if process is None or process.returncode is not None:
            return
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _start(self) -> None:
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:  # no descriptor is free
            raise EngineFailed(str(error)) from error
        with theirs:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-m", "spacesctl.engine", "--fd", str(theirs.fileno()), "--udp", self._udp),
                    *(["--tcp"] if self._tcp else []),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # Ctrl-C is for control, also while the engine still loads its modules
                )
            except OSError as error:
                ours.close()
                raise EngineFailed(str(error)) from error
        self._link = await connect_control(ours)
        self._messages = aiter(self._link)
        try:
            first = await asyncio.wait_for(anext(self._messages, None), self._timeout)
        except TimeoutError:
            raise EngineFailed(f"it did not report ready within {self._timeout:g} s") from None
        if not isinstance(first, Ready):
            raise EngineFailed(await self._why())
        self._ready = first
