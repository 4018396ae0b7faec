"""NACK (RFC 4585): which lost packets of a speaker are requested again, and when. What listeners request is in `fanout.subscription`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from spacesctl.rtc import rtcp

MAX_REQUESTS: Final = 3
"""How often one packet is requested."""
FARTHEST: Final = 0.16
"""Seconds of round trip from which asking is in vain: no buffer waits so long."""
UNKNOWN: Final = 0.04
"""Seconds of round trip until it is known."""
PATIENCE: Final = 0.03
"""Seconds beyond the round trip until a packet is asked for again."""
FORGOTTEN: Final = 2.0
"""Seconds after which an answer is no longer waited for."""


class NackRequester:
    """What is asked of one speaker. All times are monotonic seconds; sequence numbers are u16."""

    def __init__(self) -> None:
        self.round_trip: float | None = None
        self._asked: dict[int, tuple[float, int]] = {}  # when last, and how often

    def due(self, missing: Iterable[int], now: float) -> list[int]:
        """Which of the missing packets to ask for now."""
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
        """A packet came; one that was asked for once tells how long that takes."""
        asked = self._asked.pop(sequence, None)
        if asked is not None and asked[1] == 1:
            self._learn(now - asked[0])

    def echoed(self, echo: rtcp.Echo, utc: float) -> None:
        """The speaker said when it was asked how far away it is."""
        seconds = (rtcp.middle_of(utc) - echo.asked - echo.delay & 0xFFFFFFFF) / 65_536
        if echo.asked and seconds < FORGOTTEN:
            self._learn(seconds)

    def _learn(self, seconds: float) -> None:
        self.round_trip = seconds if self.round_trip is None else self.round_trip + (seconds - self.round_trip) / 8

    def _forget(self, now: float) -> None:
        for number in [number for number, (last, _) in self._asked.items() if now - last > FORGOTTEN]:
            del self._asked[number]
