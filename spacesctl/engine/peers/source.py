"""Which of a peer's sources (SSRCs) is heard, where it sends more than one on a microphone.

A client that replaces its track, or starts its encoder anew, changes the source: the new one is heard as soon as it is clear that the old
one has ended. Two at once cannot be played as one voice: the elder is heard, and the other counted.
"""

from __future__ import annotations

from typing import Final

GIVEN_UP: Final = 10
"""Packets of another source, with none of the present one between them, after which that one has ended: 200 ms."""
GIVEN_UP_IN_SILENCE: Final = 30
"""The same when the present one announced silence (DTX): it sends once in 400 ms then."""
DTX_BYTES: Final = 2
"""Bytes. An Opus packet this short announces silence (RFC 6716, 2.1.9)."""


class SourceChoice:
    """The source of one peer that is heard."""

    def __init__(self) -> None:
        self.ssrc: int | None = None
        self._is_silent = False
        self._other: int | None = None
        self._others = 0

    def admits(self, ssrc: int, payload_bytes: int) -> bool:
        """Whether a packet of this source is heard. `ssrc` is that of the heard source afterwards: it may be a new one."""
        if ssrc != self.ssrc and self.ssrc is not None and not self._has_ended(ssrc):
            return False
        self.ssrc, self._others = ssrc, 0
        self._is_silent = payload_bytes <= DTX_BYTES
        return True

    def left(self, ssrc: int) -> None:
        """The source ended with an RTCP BYE: another one is heard at once."""
        if ssrc == self.ssrc:
            self.ssrc, self._others = None, 0

    def _has_ended(self, other: int) -> bool:
        self._others = self._others + 1 if other == self._other else 1
        self._other = other
        return self._others > (GIVEN_UP_IN_SILENCE if self._is_silent else GIVEN_UP)
