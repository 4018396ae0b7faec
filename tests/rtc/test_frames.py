"""Datagrams on a stream: whole again however it was cut, and nothing held that does not have to be."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rtc.frames import LONGEST, FrameError, FrameReader, framed

DATAGRAMS = st.lists(st.binary(max_size=300) | st.just(bytes(LONGEST)), max_size=6)


def pieces(stream: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [stream[start:end] for start, end in itertools.pairwise(places)]


@given(DATAGRAMS, st.lists(st.integers(0, 20_000), max_size=12))
def test_what_is_framed_comes_whole_and_in_order_however_it_is_cut(datagrams: list[bytes], cuts: list[int]) -> None:
    reader = FrameReader()
    stream = b"".join(map(framed, datagrams))
    assert [one for piece in pieces(stream, cuts) for one in reader.feed(piece)] == datagrams


@given(st.binary(max_size=3000), st.lists(st.integers(0, 3000), max_size=5))
def test_of_anything_less_than_a_frame_is_held_and_every_byte_is_accounted_for(stream: bytes, cuts: list[int]) -> None:
    reader, given_out = FrameReader(), 0
    try:
        for piece in pieces(stream, cuts):
            given_out += sum(2 + len(one) for one in reader.feed(piece))
            assert len(reader._held) < 2 + LONGEST
    except FrameError:
        return
    assert given_out + len(reader._held) == len(stream)


@pytest.mark.parametrize(
    "length", [LONGEST + 1, 0xFFFF, int.from_bytes(b"GE", "big"), int.from_bytes(b"\x16\x03", "big")]
)
def test_a_length_that_is_none_of_ours_is_refused_before_its_datagram_comes(length: int) -> None:
    with pytest.raises(FrameError):
        FrameReader().feed(struct.pack(">H", length))


def test_a_frame_is_its_length_in_two_bytes_and_the_datagram() -> None:
    assert framed(b"abc") == b"\0\3abc"
    assert framed(b"") == b"\0\0"
