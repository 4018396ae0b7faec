"""What the bot and its hearing workers say to each other: msgpack maps, each behind a 4-byte big-endian length.

Down (the worker's stdin): `Open`, `Frames`, `Close`. Up (its stdout): `Ready`, `Utterance`, `Beat`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from spacesctl.rules.rule_engine import Word

MAX_MESSAGE: Final = 1 << 20
_LENGTH: Final = struct.Struct(">I")


class Open(Struct, frozen=True, tag=True):
    """A microphone session begins."""

    space: str
    lane: int


class Frames(Struct, frozen=True, tag=True):
    """What one tick of one Space had, as (lane, flags, Opus payload of 20 ms)."""

    space: str
    tick: int
    lanes: list[tuple[int, int, bytes]]


class Close(Struct, frozen=True, tag=True):
    space: str
    lane: int


class Ready(Struct, frozen=True, tag=True):
    """The model is loaded."""


class Beat(Struct, frozen=True, tag=True):
    """Sent each second: the worker is alive. `resident` is its memory in bytes."""

    resident: int


class Utterance(Struct, frozen=True, tag=True):
    """What was understood of a stretch of one lane; a partial is replaced by later ones of the same number, then by a final.

    `utterance` is the tick at which the stretch began: it rises within a lane, also over a restart of the worker. Ticks are the
    first and last that the words cover; the words of a partial are empty where the recogniser gives no times for them.
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
    """The other side does not speak this."""


def pack(message: ToWorker | FromWorker) -> bytes:
    body = _encode(message)
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Cuts a byte stream into messages. `kind` is `ToWorker` or `FromWorker`."""

    def __init__(self, kind: object) -> None:
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[object]:
        """Every message that is whole by now. Raises ProtocolError; nothing more can be read then."""
        self._rest += data
        while len(self._rest) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._rest)
            if length > MAX_MESSAGE:
                raise ProtocolError(f"a message of {length} bytes")
            end = _LENGTH.size + length
            if len(self._rest) < end:
                return
            body = bytes(self._rest[_LENGTH.size : end])
            del self._rest[:end]
            try:
                yield self._decode(body)
            except msgspec.MsgspecError as error:
                raise ProtocolError(str(error)) from error
