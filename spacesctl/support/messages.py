"""Messages between our processes: msgpack maps, each preceded by its length in 4 bytes, big-endian."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final, Generic, TypeVar

import msgspec

MAX_MESSAGE: Final = 1024 * 1024
"""Bytes. No message comes near it; a longer one means that the stream is broken."""
_LENGTH: Final = struct.Struct(">I")
_encode: Final = msgspec.msgpack.Encoder().encode

Message = TypeVar("Message")


class ProtocolError(ValueError):
    """The other side sent bytes that are not one of the expected messages."""


def pack(message: object) -> bytes:
    """The bytes of a message (a `msgspec.Struct` with a tag), with its length."""
    body = _encode(message)
    return _LENGTH.pack(len(body)) + body


class Unpacker(Generic[Message]):
    """Cuts a byte stream into messages of `kind`: a tagged `msgspec.Struct`, or a union of them. None has more than `longest` bytes."""

    def __init__(self, kind: Any, longest: int = MAX_MESSAGE) -> None:
        self._longest = longest
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Add received bytes, and yield every message that is complete. After a ProtocolError nothing more can be read."""
        self._rest += data
        while len(self._rest) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._rest)
            if length > self._longest:
                raise ProtocolError(f"a message of {length} bytes")
            end = _LENGTH.size + length
            if len(self._rest) < end:
                return
            body = bytes(self._rest[_LENGTH.size : end])
            del self._rest[:end]
            try:
                message: Message = self._decode(body)
            except msgspec.MsgspecError as error:
                raise ProtocolError(f"not one of the expected messages: {error}") from error
            yield message
