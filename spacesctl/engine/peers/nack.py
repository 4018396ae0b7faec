"""NACKs to speakers (RFC 4585): which lost packets are requested again, and when. `fanout.subscription` handles NACKs of listeners."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from spacesctl.rtc import rtcp

MAX_REQUESTS: Final = 3
"""How often one packet is requested at most."""
FARTHEST: Final = 0.16
"""Seconds. With a longer round trip nothing is requested, because no jitter buffer waits so long."""
UNKNOWN: Final = 0.04
"""The round trip that is assumed before it was measured, in seconds."""
PATIENCE: Final = 0.03
"""Seconds beyond the round trip before a packet is requested again."""
FORGOTTEN: Final = 2.0
"""Seconds after which a request is forgotten."""


class NackRequester:
    """Decides what to request from one speaker. Times are monotonic seconds; `round_trip` is None until it was measured."""

    def __init__(self) -> None:
        self.round_trip: float | None = None
        self._asked: dict[int, tuple[float, int]] = {}  # by sequence number: last time, number of requests

    def due(self, missing: Iterable[int], now: float) -> list[int]:
        """Which of the `missing` packets (extended sequence numbers) to request now, as u16 sequence numbers."""
        wait = (UNKNOWN if self.round_trip is None else self.round_trip) + PATIENCE
        if wait > FARTHEST + PATIENCE:
            return []
        found = []
        for number in missing:
            last, times = self._asked.get(number & 0xFFFF, (0.0, 0))
            if times < MAX_REQUESTS and now - last >= wait:
                self._asked[number & 0xFFFF] = (now, times + 1)
                found.append(number & 0xFFFF)
        if found:
            self._forget(now)
        return found

    def came(self, sequence: int, now: float) -> None:
        """A packet arrived. If it was requested exactly once, the round trip is learned from it."""
        asked = self._asked.pop(sequence, None)
        if asked is not None and asked[1] == 1:
            self._learn(now - asked[0])

    def echoed(self, echo: rtcp.Echo, utc: float) -> None:
        """The speaker answered our reference time (RFC 3611): learn the round trip. `utc` is the arrival, in Unix seconds."""
        seconds = (rtcp.middle_of(utc) - echo.asked - echo.delay & 0xFFFFFFFF) / 65_536
        if echo.asked and seconds < FORGOTTEN:
            self._learn(seconds)

    def _learn(self, seconds: float) -> None:
        self.round_trip = seconds if self.round_trip is None else self.round_trip + (seconds - self.round_trip) / 8

    def _forget(self, now: float) -> None:
        for number in [number for number, (last, _) in self._asked.items() if now - last > FORGOTTEN]:
            del self._asked[number]
