"""RTP, RTCP and the first byte; aiortc's own classes make what we read and read what we make."""

from __future__ import annotations

from typing import Any

import pytest
from aiortc import rtp as theirs
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rtc import rtcp, rtp
from spacesctl.rtc.demux import Kind, kind
from spacesctl.rtc.rtcp import Block, Bye, Echo, Nack, Reception, Report, RtcpError
from spacesctl.rtc.rtp import RtpError
from tests.typed import sure

MAP = theirs.HeaderExtensionsMap()


def made(**kwargs: Any) -> theirs.RtpPacket:
    packet = theirs.RtpPacket(payload_type=111, sequence_number=65_535, timestamp=2**32 - 1, ssrc=0xDEADBEEF, **kwargs)
    packet.payload = b"opus"
    return packet


def read_by_aiortc(data: bytes) -> list[Any]:
    """Packets of every kind: the test says which."""
    return list(theirs.RtcpPacket.parse(data))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (0, 1, Kind.STUN),
        (3, 0, Kind.STUN),
        (4, 0, Kind.OTHER),
        (19, 0, Kind.OTHER),
        (20, 0, Kind.DTLS),
        (63, 0, Kind.DTLS),
        (64, 0, Kind.OTHER),
        (127, 0, Kind.OTHER),
        (128, 111, Kind.RTP),
        (144, 111 | 128, Kind.RTP),
        (128, 200, Kind.RTCP),
        (191, 223, Kind.RTCP),
        (191, 224, Kind.RTP),
        (192, 0, Kind.OTHER),
        (255, 255, Kind.OTHER),
    ],
)
def test_the_first_byte_decides(first: int, second: int, expected: Kind) -> None:
    assert kind(bytes((first, second)) + bytes(20)) is expected


def test_too_short_a_datagram_is_nothing() -> None:
    assert kind(b"") is kind(b"\x80") is Kind.OTHER


@pytest.mark.parametrize("marker", [0, 1])
def test_packets_of_aiortc_are_read(marker: int) -> None:
    packet = made(marker=marker)
    parsed = rtp.parse(packet.serialize(MAP))
    assert parsed == (111, bool(marker), 65_535, 2**32 - 1, 0xDEADBEEF, b"opus", None)


def test_padding_and_contributing_sources_are_passed_over() -> None:
    packet = made()
    packet.padding_size = 5
    packet.csrc = [1, 2, 3]
    assert rtp.parse(packet.serialize(MAP)).payload == b"opus"


def extended(elements: bytes, profile: int = 0xBEDE) -> bytes:
    body = elements + bytes(-len(elements) % 4)
    head = bytearray(rtp.header(111, 1, 2, 3))
    head[0] |= 0x10
    return bytes(head) + profile.to_bytes(2, "big") + (len(body) // 4).to_bytes(2, "big") + body + b"opus"


@pytest.mark.parametrize(
    ("elements", "level"),
    [
        (b"\x30\x85", -5),
        (b"\x10\x41\x30\x7f", -127),
        (b"\0\0\x30\x00", 0),
        (b"\x11ab\x30\x0a", -10),
        (b"\x20\x05", None),
        (b"\xf0\x00\x30\x05", None),
        (b"\x3f", None),
        (b"", None),
    ],
)
def test_the_level_is_found_among_extensions(elements: bytes, level: int | None) -> None:
    parsed = rtp.parse(extended(elements), 3)
    if elements != b"\x3f":
        assert parsed.level == level
    assert parsed.payload == b"opus"
    assert rtp.parse(extended(elements)).level is None
    assert rtp.parse(extended(elements, 0x1000), 3).level is None


VALID = made().serialize(MAP)
MALFORMED = {
    "empty": b"",
    "short": VALID[:11],
    "version 1": b"\x40" + VALID[1:],
    "sources cut": bytes((0x8F,)) + VALID[1:],
    "extension cut": bytes((0x90,)) + VALID[1:12] + b"\xbe\xde",
    "extension too long": bytes((0x90,)) + VALID[1:12] + b"\xbe\xde\xff\xff",
    "padding of 0": bytes((0xA0,)) + VALID[1:-1] + b"\0",
    "padding too long": bytes((0xA0,)) + VALID[1:-1] + b"\xff",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_rtp_raises_our_error(data: bytes) -> None:
    with pytest.raises(RtpError):
        rtp.parse(data, 3)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: b"\xbf" + tail))
def test_any_bytes_give_rtp_or_our_error(data: bytes) -> None:
    try:
        rtp.parse(data, 3)
    except RtpError:
        return


def test_our_header_is_read_by_aiortc() -> None:
    packet = theirs.RtpPacket.parse(rtp.header(96, 65_536 + 7, 2**32 + 9, 5, marker=True) + b"x", MAP)
    assert (packet.payload_type, packet.sequence_number, packet.timestamp, packet.ssrc) == (96, 7, 9, 5)
    assert packet.marker


def test_our_reports_are_read_by_aiortc() -> None:
    sender, description = read_by_aiortc(rtcp.sender_report(7, 1_700_000_000.5, 960, 50, 4000, "room"))
    assert (sender.ssrc, sender.sender_info.rtp_timestamp) == (7, 960)
    assert (sender.sender_info.packet_count, sender.sender_info.octet_count) == (50, 4000)
    assert sender.sender_info.ntp_timestamp == (1_700_000_000 + 2_208_988_800) << 32 | 1 << 31
    assert description.chunks[0].items == [(1, b"room")]
    block = Block(ssrc=9, fraction=25, lost=-3, highest=70_000, jitter=12, last_report=5, delay=6)
    receiver, _ = read_by_aiortc(rtcp.receiver_report(7, block, "room"))
    (report,) = receiver.reports
    assert (report.ssrc, report.fraction_lost, report.packets_lost) == (9, 25, -3)
    assert (report.highest_sequence, report.jitter, report.lsr, report.dlsr) == (70_000, 12, 5, 6)


def test_reports_and_goodbyes_of_aiortc_are_read() -> None:
    info = theirs.RtcpSenderInfo(ntp_timestamp=0x0102030405060708, rtp_timestamp=1, packet_count=2, octet_count=3)
    block = theirs.RtcpReceiverInfo(
        ssrc=4, fraction_lost=64, packets_lost=-1, highest_sequence=5, jitter=6, lsr=7, dlsr=8
    )
    data = (
        bytes(theirs.RtcpSrPacket(ssrc=9, sender_info=info, reports=[block]))
        + bytes(theirs.RtcpRrPacket(ssrc=9, reports=[block]))
        + bytes(theirs.RtcpByePacket(sources=[1, 2]))
    )
    expected = Block(4, 64, -1, 5, 6, 7, 8)
    assert rtcp.parse(data) == [Report(9, [expected], 0x03040506), Report(9, [expected], None), Bye([1, 2])]


@given(st.sets(st.integers(0, 80), min_size=1), st.integers(0, 0xFFFF))
def test_our_nacks_are_read_by_aiortc_and_by_us(lost: set[int], first: int) -> None:
    sequences = [first + number & 0xFFFF for number in sorted(lost)]
    data = rtcp.nack(7, 9, sequences)
    (read,) = read_by_aiortc(data)
    assert (read.fmt, read.ssrc, read.media_ssrc) == (1, 7, 9)
    assert [number & 0xFFFF for number in read.lost] == sequences  # it counts on beyond the turn
    assert rtcp.parse(data) == [Nack(9, sequences)]


@given(st.sets(st.integers(0, 80), min_size=1), st.integers(0, 0xFF00))
def test_nacks_of_aiortc_are_read(lost: set[int], first: int) -> None:
    sequences = [first + number for number in sorted(lost)]
    packet = theirs.RtcpRtpfbPacket(fmt=1, ssrc=7, media_ssrc=9, lost=sequences)
    assert rtcp.parse(bytes(packet)) == [Nack(9, sequences)]


def test_the_answer_to_our_question_is_found_among_other_extended_reports() -> None:
    asked = rtcp.reference_time(7, 1_700_000_000.5)
    assert asked[:8] == bytes.fromhex("80cf000400000007")
    assert asked[8:12] == bytes.fromhex("04000002")
    assert int.from_bytes(asked[14:18], "big") == rtcp.middle_of(1_700_000_000.5)
    blocks = bytes.fromhex("04000002000000000000000005000003000000070102030400010000")
    assert rtcp.parse(bytes.fromhex("80cf000b00000001") + blocks + blocks[:12]) == [Echo(7, 0x01020304, 65_536)]
    assert rtcp.parse(asked) == []


RR = rtcp.receiver_report(7, Block(9, 0, 0, 1), "room")


@pytest.mark.parametrize(
    "data",
    [
        RR[:2],
        RR[:7],
        b"\x40" + RR[1:],
        RR + b"\x81",
        b"\x9f" + RR[1:],
        b"\x81\xcb\0\0",
        b"\x81\xcd\0\0",
        b"\x80\xcf\0\x02\0\0\0\0\x05\0\0\x09",
        b"\x80\xc8\0\x05" + bytes(20),
        b"\x81\xc8\0\x06" + bytes(24) + RR,
        b"\x81\xc9\0\x01" + bytes(4) + RR,
        b"\x83\xcb\0\x02" + bytes(8) + RR,
    ],
)
def test_malformed_rtcp_raises_our_error(data: bytes) -> None:
    with pytest.raises(RtcpError):
        rtcp.parse(data)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: b"\x81\xc8\0\x06" + tail))
def test_any_bytes_give_rtcp_or_our_error(data: bytes) -> None:
    try:
        rtcp.parse(data)
    except RtcpError:
        return


def test_reception_counts_what_is_missing_over_a_turn() -> None:
    reception = Reception(9)
    assert reception.block(0.0) is None
    for number in range(65_500, 65_600):
        if number % 10:
            reception.packet(number & 0xFFFF, number * 960 & 0xFFFFFFFF, number * 0.02)
    block = sure(reception.block(1.0))
    assert (block.lost, block.highest) == (9, 65_599)
    assert 20 <= block.fraction <= 26
    reception.reported(77, 2.0)
    later = sure(reception.block(4.5))
    assert (later.fraction, later.last_report, later.delay) == (0, 77, int(2.5 * 65_536))
