"""Datagrams over a stream: each behind two bytes that tell its length (RFC 4571, 2; RFC 6544 for all that ICE carries)."""

from __future__ import annotations

from typing import Final

HEAD: Final = 2
LONGEST: Final = 2048
"""Bytes of a datagram. No check, handshake or packet of sound comes near it."""


class FrameError(ValueError):
    """What came is no frame of ours: the stream cannot be read any further."""

    def __init__(self, length: int) -> None:
        super().__init__(f"a frame of {length} bytes")


def framed(datagram: bytes) -> bytes:
    """A datagram as it travels on a stream."""
    return len(datagram).to_bytes(HEAD, "big") + datagram


class FrameReader:
    """Takes what a stream delivers, in pieces of any size; holds less than one frame."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The datagrams that are whole now; empty ones too. Raises `FrameError` for one that is too long, as soon as that shows."""
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
