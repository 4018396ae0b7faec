"""The messages between the recogniser pool and its worker: msgpack maps, each after its length in 4 bytes (big-endian).

To the worker (its stdin): `Open`, `Frames`, `Close`. From the worker (its stdout): `Ready`, `Utterance`, `Beat`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from spacesctl.rules.rule_engine import Word

MAX_MESSAGE: Final = 1 << 20
"""Bytes of one message."""
_LENGTH: Final = struct.Struct(">I")


class Open(Struct, frozen=True, tag=True):
    """A microphone session begins on this lane."""

    space: str
    lane: int


class Frames(Struct, frozen=True, tag=True):
    """The sound of one tick of one Space: (lane, flags, Opus payload of 20 ms) for each lane that has some."""

    space: str
    tick: int
    lanes: list[tuple[int, int, bytes]]


class Close(Struct, frozen=True, tag=True):
    """The microphone session on this lane has ended."""

    space: str
    lane: int


class Ready(Struct, frozen=True, tag=True):
    """The model is loaded."""


class Beat(Struct, frozen=True, tag=True):
    """The heartbeat of the worker, sent each second. `resident` is its memory in RAM, in bytes."""

    resident: int


class Utterance(Struct, frozen=True, tag=True):
    """Recognised speech of one lane. A partial result is replaced by later ones with the same `utterance`, and at last by a final one.

    `utterance` is the tick at which it began; it only rises within a lane, even when the worker is restarted. `start_tick` and
    `end_tick` are the first and the last tick of its words. `words` is empty in a partial result if the recogniser gives no times there.
    """

    space: str
    lane: int
    utterance: int
    text: str
    words: tuple[Word, ...]
    final: bool
    start_tick: int
    end_tick: int


ToWorker = Open | Frames | Close
FromWorker = Ready | Beat | Utterance

_encode = msgspec.msgpack.Encoder().encode


class ProtocolError(ValueError):
    """Bytes that are no message of this protocol."""


def pack(message: ToWorker | FromWorker) -> bytes:
    """A message with its length in front."""
    body = _encode(message)
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Splits a byte stream into messages. `kind` is `ToWorker` or `FromWorker`."""

    def __init__(self, kind: object) -> None:
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[object]:
        """Add bytes; yields every complete message. Raises ProtocolError, after which it cannot be used any more."""
        self._rest += data
        while len(self._rest) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._rest)
            if length > MAX_MESSAGE:
                raise ProtocolError(f"a message of {length} bytes is too long")
            end = _LENGTH.size + length
            if len(self._rest) < end:
                return
            body = bytes(self._rest[_LENGTH.size : end])
            del self._rest[:end]
            try:
                yield self._decode(body)
            except msgspec.MsgspecError as error:
                raise ProtocolError(str(error)) from error
