"""Payloads with copies of earlier ones (RFC 2198)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rtc import red
from spacesctl.rtc.red import MOST_COPIES, MOST_LENGTH, MOST_OFFSET, Copy, RedError, Redundant, RedWriter

OPUS = 111
# A copy of three bytes that began 960 samples earlier, as Chromium writes it: 1|111, 960 in 14 bits, 3 in 10 bits.
FROM_CHROMIUM = bytes.fromhex("ef0f0003") + bytes.fromhex("6f") + b"old" + b"new!"


def head(offset: int, length: int, kind: int = OPUS) -> bytes:
    return (0x80000000 | kind << 24 | offset << 10 | length).to_bytes(4, "big")


def test_a_payload_with_one_copy_is_taken_apart() -> None:
    assert red.parse(FROM_CHROMIUM, OPUS) == Redundant(b"new!", (Copy(960, b"old"),))


@pytest.mark.parametrize(
    ("data", "copies"),
    [
        (b"\x6fnew", ()),
        (head(1920, 2) + head(960, 3) + b"\x6foooldnew", (Copy(1920, b"oo"), Copy(960, b"old"))),
        (head(960, 2, kind=8) + b"\x6fxxnew", ()),
        (head(1920, 0) + head(960, 3) + b"\x6foldnew", (Copy(960, b"old"),)),
        (head(0, 3) + b"\x6foldnew", ()),
    ],
    ids=["none", "two, the oldest first", "of another codec", "an empty one", "of itself"],
)
def test_copies_that_are_none_of_ours_are_left_out(data: bytes, copies: tuple[Copy, ...]) -> None:
    assert red.parse(data, OPUS) == Redundant(b"new", copies)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef",
        head(960, 3),
        head(960, 3) + b"\x6fol",
        b"\x60new",
        head(960, 1) * (MOST_COPIES + 1) + b"\x6f" + bytes(99),
    ],
    ids=["nothing", "half a header", "no payload", "half a copy", "another codec", "too many copies"],
)
def test_what_is_no_payload_is_refused(data: bytes) -> None:
    with pytest.raises(RedError):
        red.parse(data, OPUS)


@given(st.binary(max_size=80), st.integers(0, 127))
def test_any_bytes_are_taken_apart_or_refused(data: bytes, kind: int) -> None:
    try:
        found = red.parse(data, kind)
    except RedError:
        return
    assert len(found.payload) + sum(len(copy.payload) for copy in found.copies) < len(data)


@given(st.binary(min_size=1, max_size=1200), st.binary(min_size=1, max_size=300), st.integers(-40_000, 40_000))
def test_a_copy_is_written_where_it_is_near_and_short_and_says_what_it_was(old: bytes, new: bytes, later: int) -> None:
    writer = RedWriter()
    assert red.parse(writer.made(new, 7, OPUS), OPUS) == Redundant(new)
    writer.add(old, 0xFFFFFF00)
    made = red.parse(writer.made(new, 0xFFFFFF00 + later & 0xFFFFFFFF, OPUS), OPUS)
    fits = 0 < later <= MOST_OFFSET and len(old) <= MOST_LENGTH
    assert made == Redundant(new, (Copy(later, old),) if fits else ())
