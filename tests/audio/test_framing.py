"""Lane messages: what is packed comes back, what is malformed is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.audio import framing
from spacesctl.audio.framing import LANES, MIX, UPLINK, Frame, FramingError, Message, pack, unpack

FRAMES = st.lists(
    st.tuples(st.integers(0, 0xFFFF), st.integers(0, 255), st.binary(max_size=200)).map(lambda one: Frame(*one)),
    max_size=12,
)


@given(kind=st.sampled_from([LANES, MIX]), tick=st.integers(0, 2**64 - 1), frames=FRAMES)
def test_what_is_packed_comes_back(kind: int, tick: int, frames: list[Frame]) -> None:
    assert unpack(pack(kind, tick, frames)) == Message(kind, tick, frames)


def test_the_bytes_are_those_of_the_format() -> None:
    data = pack(LANES, 0x0102030405060708, [(0x0A0B, framing.FLAG_ACTIVE, b"xyz"), (2, framing.FLAG_LOST, b"")])
    assert data.hex(" ") == "01 01 00 02 01 02 03 04 05 06 07 08 0a 0b 01 00 00 03 78 79 7a 00 02 02 00 00 00"


VALID = pack(LANES, 7, [(1, 0, b"abc")])
BAD = {
    "empty": b"",
    "short head": VALID[:11],
    "version": b"\x02" + VALID[1:],
    "kind": VALID[:1] + b"\x09" + VALID[2:],
    "cut in a frame's head": VALID[:15],
    "cut in a payload": VALID[:-1],
    "more after the end": VALID + b"\0",
    "more frames promised": VALID[:3] + b"\x02" + VALID[4:],
    "65 frames": VALID[:3] + b"\x41" + VALID[4:],
    "reserved byte": VALID[:15] + b"\x01" + VALID[16:],
    "payload of 1,276 bytes": VALID[:16] + b"\x04\xfc" + bytes(1276),
    "uplink of two": b"\x01\x03" + pack(LANES, 7, [(1, 0, b"a"), (1, 0, b"b")])[2:],
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_malformed_messages_are_refused(data: bytes) -> None:
    with pytest.raises(FramingError):
        unpack(data)


@given(data=st.binary(max_size=100) | st.binary(max_size=100).map(lambda tail: VALID[:3] + tail))
def test_any_bytes_give_a_message_or_our_error(data: bytes) -> None:
    try:
        message = unpack(data)
    except FramingError:
        return
    assert pack(*message) == data


@pytest.mark.parametrize(
    ("kind", "tick", "frames"),
    [
        (9, 0, []),
        (LANES, -1, []),
        (LANES, 2**64, []),
        (UPLINK, 0, []),
        (LANES, 0, [(0x10000, 0, b"")]),
        (LANES, 0, [(1, 256, b"")]),
        (LANES, 0, [(1, 0, bytes(1276))]),
        (LANES, 0, [(1, 0, b"")] * 65),
    ],
)
def test_what_the_format_cannot_hold_is_not_packed(kind: int, tick: int, frames: list[tuple[int, int, bytes]]) -> None:
    with pytest.raises(FramingError):
        pack(kind, tick, frames)


def test_flags_are_those_of_the_engine() -> None:
    from spacesctl.engine import messages

    assert (framing.FLAG_ACTIVE, framing.FLAG_LOST) == (messages.FLAG_ACTIVE, messages.FLAG_LOST)


def test_light_clients_get_framing_and_ogg_without_numpy() -> None:
    script = "import sys, spacesctl.audio.framing, spacesctl.audio.ogg; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
