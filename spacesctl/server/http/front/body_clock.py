"""The time of a request's body: how long it may pause, how long it may take, and how much of it may be no content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spacesctl.server.http.front import refusals

if TYPE_CHECKING:
    from spacesctl.server.http.front.protocol import FrontProtocol

SLACK: Final = 16_384
PER_BYTE: Final = 17
"""Bytes of a chunked body that are no content (lengths, extensions, trailers): so many, and so many for each byte of content."""
UNWANTED: Final = 1 << 20
"""Bytes of a body that are read and discarded after the answer, so that the connection can be used again."""


class BodyClock:
    """The clock of one connection: `begin` for each request, `came` for what of its body came."""

    def __init__(self, protocol: FrontProtocol) -> None:
        self._of = protocol
        self._runs = False
        self._since = self._last = 0.0
        self._fed = self._unwanted = 0
        self.parsed = 0
        """Bytes of content."""

    def begin(self) -> None:
        """A head is complete."""
        self._runs = False
        self._fed = self._unwanted = self.parsed = 0

    def came(self, size: int) -> None:
        """`size` bytes, and the body is not complete. Starts the clock."""
        self._fed += size
        self._last = self._of.loop.time()
        if self._of.cycle.response_complete:
            self._unwanted += size
        if self._fed > SLACK + PER_BYTE * self.parsed:
            self._of.refuse(refusals.malformed())
        elif self._unwanted > UNWANTED:
            self._of.refuse(refusals.body_unwanted())
        elif not self._runs:
            self._runs, self._since = True, self._last
            self._of.time(self._of.limits.body_gap_seconds, self._look)

    def _look(self) -> None:
        """The time is up, or would have been if nothing had come."""
        limits, now = self._of.limits, self._of.loop.time()
        if self._waits_for_us:  # the client may not send
            self._since += limits.body_gap_seconds
            self._last = now
        left = min(self._last + limits.body_gap_seconds, self._since + limits.body_seconds) - now
        if left <= 0.001:
            self._of.refuse(refusals.body_too_slow())
        else:
            self._of.time(left, self._look)

    @property
    def _waits_for_us(self) -> bool:
        return self._of.flow.read_paused or self._of.cycle.waiting_for_100_continue
