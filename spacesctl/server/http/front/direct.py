"""A stream past ASGI: once the head of its answer is sent, the one writer writes its body to the transport itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from spacesctl.live.subscriber import MOST_UNSENT

_EXTENSION: Final = "spacesctl.direct"


class Direct:
    """The body of one answer (a `live.subscriber.Sink`). Its head is sent, and the request waits in `receive`."""

    __slots__ = ("_cycle", "_file", "_transport")

    def __init__(self, cycle: RequestResponseCycle, transport: asyncio.Transport) -> None:
        self._cycle, self._transport = cycle, transport
        encrypted = transport.get_extra_info("sslcontext") is not None
        self._file: int = -1 if encrypted else transport.get_extra_info("socket").fileno()

    @property
    def chunked(self) -> bool:
        """Whether its body is chunked, which HTTP/1.0 is not."""
        return bool(self._cycle.chunked_encoding)

    def write(self, data: bytes, most: int = MOST_UNSENT) -> bool:
        """Write bytes of the body, framed as it is. False: of those before more than `most` are unsent. After the end it does nothing."""
        if self._transport.get_write_buffer_size() > most:
            return False
        if not self._cycle.disconnected and not self._transport.is_closing():
            self._transport.write(data)
        return True

    def clear(self) -> int:
        """The descriptor, while nothing waits in the transport: what is written there now comes after all before. Otherwise, and with
        TLS, -1.
        """
        transport = self._transport
        return -1 if transport.is_closing() or transport.get_write_buffer_size() else self._file

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
