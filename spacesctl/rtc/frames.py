"""Datagrams over a TCP stream, each prefixed with its length in two bytes (RFC 4571, 2; RFC 6544 uses it for all that ICE carries)."""

from __future__ import annotations

from typing import Final

HEAD: Final = 2
"""Bytes of the length prefix."""
LONGEST: Final = 2048
"""Bytes of a datagram at most. No check, handshake or media packet comes near it."""


class FrameError(ValueError):
    """A frame longer than `LONGEST`: the stream cannot be read any further."""

    def __init__(self, length: int) -> None:
        super().__init__(f"a frame of {length} bytes")


def framed(datagram: bytes) -> bytes:
    """A datagram with its length prefix. Raises OverflowError when it has more than 65,535 bytes."""
    return len(datagram).to_bytes(HEAD, "big") + datagram


class FrameReader:
    """Splits a stream, received in pieces of any size, into datagrams. Holds less than one frame."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take received bytes. Returns the datagrams that are complete now, including empty ones. Raises `FrameError` as soon as the length
        of a frame is too large."""
        data, at, found = self._held + data, 0, list[bytes]()
        while at + HEAD <= len(data):
            length = int.from_bytes(data[at : at + HEAD], "big")
            if length > LONGEST:
                raise FrameError(length)
            if at + HEAD + length > len(data):
                break
            found.append(data[at + HEAD : at + HEAD + length])
            at += HEAD + length
        self._held = data[at:]
        return found
