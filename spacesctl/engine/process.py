"""Control's handle on the engine process.

    async with EngineProcess(udp="0.0.0.0:0") as engine:
        await engine.send(OpenSpace(...))
        async for message in engine:      # ends when the engine is gone
            ...

The engine lives as long as its pipe: whatever kills control, the engine reads the end of the pipe and exits.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final

from spacesctl.engine.link import Link, connect_control
from spacesctl.engine.messages import FromEngine, Ready, ToEngine

STOP_SECONDS: Final = 2.0
"""How long the engine may take to say goodbye to its peers before it is killed."""


class EngineFailed(RuntimeError):
    """The engine did not come up: `why` tells, its own words are on its stderr."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the media engine did not start: {why}")


class EngineProcess:
    """One engine. `udp` is HOST:PORT (`[::]:7000` for IPv6, port 0 for any), with `tcp` over TCP too where that is free; `ready` is known
    inside `async with`."""

    def __init__(self, udp: str = "127.0.0.1:0", *, tcp: bool = False, timeout: float = 15.0) -> None:
        self._udp = udp
        self._tcp = tcp
        self._timeout = timeout
        self._process: asyncio.subprocess.Process | None = None
        self._link: Link[ToEngine, FromEngine] | None = None
        self._messages: AsyncIterator[FromEngine] | None = None
        self._ready: Ready | None = None

    @property
    def ready(self) -> Ready:
        """Where its UDP socket is, and its certificate's fingerprint."""
        assert self._ready is not None, "only inside `async with`"
        return self._ready

    @property
    def pid(self) -> int:
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
        """Tell the engine something. Messages take effect in the order of sending. Raises ConnectionError when it is gone."""
        assert self._link is not None, "only inside `async with`"
        await self._link.send(message)

    def post(self, message: ToEngine) -> bool:
        """The same without waiting, from code that cannot wait; False when the engine is gone."""
        assert self._link is not None, "only inside `async with`"
        return self._link.post(message)

    async def __aiter__(self) -> AsyncIterator[FromEngine]:
        """What the engine tells, after `Ready`. Ends when it is gone. Iterate in one task at a time, and without pausing
        for long: a reader that falls `link.QUEUE` bytes behind loses frames."""
        assert self._messages is not None, "only inside `async with`"
        async for message in self._messages:
            yield message

    async def wait(self) -> int:
        """Until the engine is gone: its exit status, negative for a signal."""
        assert self._process is not None, "only inside `async with`"
        return await self._process.wait()

    async def stop(self) -> None:
        """Close the pipe and wait for the engine to go, by force after `STOP_SECONDS`. May be called twice."""
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
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-m", "spacesctl.engine", "--fd", str(theirs.fileno()), "--udp", self._udp),
                    *(["--tcp"] if self._tcp else []),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                )
            except OSError as error:
                ours.close()
                raise EngineFailed(str(error)) from error
        self._link = await connect_control(ours)
        self._messages = aiter(self._link)
        try:
            first = await asyncio.wait_for(anext(self._messages, None), self._timeout)
        except TimeoutError:
            raise EngineFailed(f"it said nothing for {self._timeout:g} s") from None
        if not isinstance(first, Ready):
            raise EngineFailed("it ended at once")
        self._ready = first
