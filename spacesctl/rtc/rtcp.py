"""The RTCP that we need: sender reports to listeners, receiver reports to speakers, BYE and reports from both (RFC 3550, 6),
NACKs both ways (RFC 4585, 6.2.1), and the measurement of a speaker's round trip (RFC 3611, 4.4 and 4.5)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

SR, RR, SDES, BYE, RTPFB, XR = 200, 201, 202, 203, 205, 207  # packet types
GENERIC_NACK: Final = 1
"""The RTPFB format of a NACK (RFC 4585, 6.2.1)."""
DESCRIBED: Final = 256
"""SDES packets that are cached: one for each Space."""
_REFERENCE_TIME, _DELAY_SINCE = 4, 5

_NTP_EPOCH: Final = 2_208_988_800
"""Seconds from 1900, where NTP counts from, to 1970."""
_HEAD: Final = struct.Struct(">BBH")
_SENDER: Final = struct.Struct(">BBHIIIIII")
_BLOCK: Final = struct.Struct(">IIIIII")
_NACKED: Final = struct.Struct(">HH")


class RtcpError(ValueError):
    """Not a valid RTCP packet."""


class Block(NamedTuple):
    """A report block about one source (RFC 3550, 6.4.1). `fraction` is the loss since the previous report, in 1/256; `lost` the total
    number of lost packets; `highest` the extended sequence number; `jitter` in RTP timestamp units; `last_report` the middle of the NTP
    time of its last sender report; `delay` the time since then, in 1/65536 s."""

    ssrc: int
    fraction: int
    lost: int
    highest: int
    jitter: int = 0
    last_report: int = 0
    delay: int = 0


class Report(NamedTuple):
    """A sender or receiver report from `ssrc`. `ntp` is the middle 32 bits of an SR's NTP time, None for an RR."""

    ssrc: int
    blocks: list[Block]
    ntp: int | None


class Bye(NamedTuple):
    """The sources `ssrcs` end."""

    ssrcs: list[int]


class Nack(NamedTuple):
    """The packets of source `ssrc` that are requested again, by their u16 sequence numbers."""

    ssrc: int
    sequences: list[int]


class Echo(NamedTuple):
    """A peer's answer to our reference time (DLRR, RFC 3611, 4.5): the middle of the NTP time that we sent, and how long the peer waited
    until its answer (1/65536 s)."""

    ssrc: int
    asked: int
    delay: int


Item = Report | Bye | Nack | Echo


def sender_report(ssrc: int, utc: float, timestamp: int, packets: int, octets: int, cname: str) -> bytes:
    """SR and SDES for what we send. `timestamp` is the RTP timestamp at `utc` (Unix seconds); `packets` and `octets` (of payload) are
    counted since the beginning."""
    seconds, fraction = divmod(utc + _NTP_EPOCH, 1)
    report = _SENDER.pack(
        0x80,
        SR,
        6,
        ssrc,
        int(seconds) & 0xFFFFFFFF,
        int(fraction * (1 << 32)),
        timestamp & 0xFFFFFFFF,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )
    return report + _description(ssrc, cname)


def receiver_report(ssrc: int, block: Block, cname: str) -> bytes:
    """RR and SDES for what we receive; `ssrc` is ours."""
    lost = max(-(1 << 23), min((1 << 23) - 1, block.lost)) & 0xFFFFFF
    body = struct.pack(">I", ssrc) + _BLOCK.pack(
        block.ssrc,
        block.fraction << 24 | lost,
        block.highest & 0xFFFFFFFF,
        block.jitter,
        block.last_report,
        block.delay & 0xFFFFFFFF,
    )
    return _packet(RR, 1, body) + _description(ssrc, cname)


def nack(ssrc: int, source: int, sequences: Iterable[int]) -> bytes:
    """A NACK: request packets of `source` again, by u16 sequence numbers in rising order. `ssrc` is ours."""
    entries = list[tuple[int, int]]()
    for sequence in sequences:
        first, following = entries[-1] if entries else (0, 0)
        ahead = sequence - first - 1 & 0xFFFF
        if entries and ahead < 16:
            entries[-1] = (first, following | 1 << ahead)
        else:
            entries.append((sequence & 0xFFFF, 0))
    body = struct.pack(">II", ssrc, source) + b"".join(_NACKED.pack(*entry) for entry in entries)
    return _packet(RTPFB, GENERIC_NACK, body)


def reference_time(ssrc: int, utc: float) -> bytes:
    """A receiver reference time report (RFC 3611, 4.4) at `utc` (Unix seconds). The sender answers it, which gives us the round trip."""
    seconds, fraction = divmod(utc + _NTP_EPOCH, 1)
    stamp = struct.pack(">II", int(seconds) & 0xFFFFFFFF, int(fraction * (1 << 32)))
    return _packet(XR, 0, struct.pack(">IBBH", ssrc, _REFERENCE_TIME, 0, 2) + stamp)


def middle_of(utc: float) -> int:
    """The middle 32 bits of the NTP time of `utc` (Unix seconds), in units of 1/65536 s, as RTCP reports use it."""
    return int((utc + _NTP_EPOCH) * 65_536) & 0xFFFFFFFF


def parse(data: bytes) -> list[Item]:
    """Parse a compound packet. Packet types that we do not need are skipped. Raises `RtcpError`."""
    found: list[Item] = []
    at, size = 0, len(data)
    while at < size:
        start = at + 4
        if start > size:
            raise RtcpError("ends inside a header")
        first, kind, words = _HEAD.unpack_from(data, at)
        at = start + 4 * words
        if first >> 6 != 2 or at > size:
            raise RtcpError("not RTCP version 2, or cut short")
        count = first & 0x1F
        if kind in (RR, SR):
            found.append(_report(data, start, at, count, kind == SR))
        elif kind == BYE:
            if at - start < 4 * count:
                raise RtcpError("short BYE")
            found.append(Bye(list(struct.unpack_from(f">{count}I", data, start))))
        elif kind == RTPFB and count == GENERIC_NACK:
            found.append(_nack(data[start:at]))
        elif kind == XR:
            found += _echoes(data[start:at])
    return found


@dataclass(slots=True)
class Reception:
    """Reception statistics of one source, for reports about it (RFC 3550, A.3 and A.8)."""

    ssrc: int
    _base: int | None = None
    _highest: int = 0
    _received: int = 0
    _transit: float | None = None
    _jitter: float = 0.0
    _expected_before: int = 0
    _received_before: int = 0
    _reported: tuple[int, float] | None = None

    def packet(self, sequence: int, timestamp: int, arrival: float) -> None:
        """Count a packet that arrived at `arrival` (monotonic seconds)."""
        if self._base is None:
            self._base = self._highest = sequence
        ahead = (sequence - self._highest) & 0xFFFF
        if ahead < 0x8000:
            self._highest += ahead
        self._received += 1
        transit = arrival * 48_000 - timestamp
        if self._transit is not None:
            difference = abs(transit - self._transit)
            if difference < 48_000:  # else the timestamp wrapped or jumped: no jitter
                self._jitter += (difference - self._jitter) / 16
        self._transit = transit

    def reported(self, ntp: int, arrival: float) -> None:
        """Note a sender report of the source: the middle of its NTP time, and its arrival in monotonic seconds."""
        self._reported = (ntp, arrival)

    def block(self, now: float) -> Block | None:
        """The report block at `now` (monotonic seconds), or None when no packet arrived yet. The next one's `fraction` counts from here."""
        if self._base is None:
            return None
        expected = self._highest - self._base + 1
        new = expected - self._expected_before
        missing = new - (self._received - self._received_before)
        self._expected_before, self._received_before = expected, self._received
        ntp, at = self._reported or (0, now)
        return Block(
            ssrc=self.ssrc,
            fraction=min(255, missing * 256 // new) if new > 0 and missing > 0 else 0,
            lost=expected - self._received,
            highest=self._highest,
            jitter=int(self._jitter),
            last_report=ntp,
            delay=int((now - at) * 65_536) if ntp else 0,
        )


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return _HEAD.pack(0x80 | count, kind, len(body) // 4) + body


@lru_cache(DESCRIBED)
def _description(ssrc: int, cname: str) -> bytes:
    name = cname.encode()[:255]
    item = struct.pack(">IBB", ssrc, 1, len(name)) + name + b"\0"
    return _packet(SDES, 1, item + bytes(-len(item) % 4))


def _nack(body: bytes) -> Nack:
    if len(body) < 8:
        raise RtcpError("short NACK")
    sequences = list[int]()
    for first, following in _NACKED.iter_unpack(body[8:]):
        sequences.append(first)
        sequences += [first + 1 + place & 0xFFFF for place in range(16) if following >> place & 1]
    return Nack(int.from_bytes(body[4:8], "big"), sequences)


def _echoes(body: bytes) -> Iterator[Echo]:
    """The answers (DLRR) in an extended report; its other blocks are skipped."""
    at = 4
    while at + 4 <= len(body):
        kind, words = body[at], int.from_bytes(body[at + 2 : at + 4], "big")
        end = at + 4 + 4 * words
        if end > len(body):
            raise RtcpError("short extended report")
        if kind == _DELAY_SINCE:
            for place in range(at + 4, end - 11, 12):
                yield Echo(*struct.unpack_from(">III", body, place))
        at = end


def _report(data: bytes, start: int, end: int, count: int, of_sender: bool) -> Report:
    place = start + (24 if of_sender else 4)
    if end < place + count * _BLOCK.size:
        raise RtcpError("short report")
    blocks = []
    for _ in range(count):
        ssrc, loss, highest, jitter, last, delay = _BLOCK.unpack_from(data, place)
        lost = (loss & 0xFFFFFF) - ((loss & 0x800000) << 1)
        blocks.append(Block(ssrc, loss >> 24, lost, highest, jitter, last, delay))
        place += _BLOCK.size
    ntp = int.from_bytes(data[start + 6 : start + 10], "big") if of_sender else None
    return Report(int.from_bytes(data[start : start + 4], "big"), blocks, ntp)
