"""A stream past ASGI: once the head of its answer is sent, the one writer writes its body to the transport itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

MOST_UNSENT: Final = 1 << 18
"""Bytes that a stream's transport may hold, besides what the kernel holds, when the next ones are written."""
_EXTENSION: Final = "spacesctl.direct"


class Direct:
    """The body of one answer (a `live.subscriber.Sink`). Its head is sent, and the request waits in `receive`."""

    __slots__ = ("_cycle", "_transport")

    def __init__(self, cycle: RequestResponseCycle, transport: asyncio.Transport) -> None:
        self._cycle, self._transport = cycle, transport

    @property
    def chunked(self) -> bool:
        """Whether its body is chunked, which HTTP/1.0 is not."""
        return bool(self._cycle.chunked_encoding)

    @property
    def unsent(self) -> int:
        """Bytes that the transport holds."""
        return self._transport.get_write_buffer_size()

    def write(self, data: bytes) -> bool:
        """Write bytes of the body, framed as it is. False: too much of the ones before is unsent. After the end it does nothing."""
        if self.unsent > MOST_UNSENT:
            return False
        if not self._cycle.disconnected and not self._transport.is_closing():
            self._transport.write(data)
        return True

    def wake(self) -> None:
        """Let `receive` return, with nothing new."""
        self._cycle.message_event.set()

    def abort(self) -> None:
        """End the connection at once; `receive` tells the request."""
        self._transport.abort()


def offer(scope: Scope, cycle: RequestResponseCycle, transport: asyncio.Transport) -> None:
    """Let the request of this scope write directly."""
    scope.setdefault("extensions", {})[_EXTENSION] = lambda: Direct(cycle, transport)


def direct_of(scope: Scope) -> Direct | None:
    """What writes the answer to this request; None where the server has no transport to offer, as in tests within the process."""
    made = scope.get("extensions", {}).get(_EXTENSION)
    return None if made is None else cast(Callable[[], Direct], made)()
