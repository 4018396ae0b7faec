"""The RTCP that we need: sender reports to listeners, receiver reports to speakers, BYE and reports from either (RFC 3550, 6)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

SR, RR, SDES, BYE = 200, 201, 202, 203

_NTP_EPOCH: Final = 2_208_988_800
"""Seconds from 1900, where NTP counts from, to 1970."""
_HEAD: Final = struct.Struct(">BBH")
_BLOCK: Final = struct.Struct(">IIIIII")


class RtcpError(ValueError):
    """Not an RTCP packet."""


class Block(NamedTuple):
    """A report about one source. `fraction` is what was lost since the report before, of 256."""

    ssrc: int
    fraction: int
    lost: int
    highest: int
    jitter: int = 0
    last_report: int = 0
    delay: int = 0


class Report(NamedTuple):
    """A sender or receiver report: who reports, what on whom, and of an SR the middle of its NTP time."""

    ssrc: int
    blocks: list[Block]
    ntp: int | None


class Bye(NamedTuple):
    """These sources end."""

    ssrcs: list[int]


def sender_report(ssrc: int, utc: float, timestamp: int, packets: int, octets: int, cname: str) -> bytes:
    """SR and SDES of what we send: `timestamp` is the RTP time at `utc` (Unix seconds)."""
    seconds, fraction = divmod(utc + _NTP_EPOCH, 1)
    body = struct.pack(
        ">IIIIII",
        ssrc,
        int(seconds) & 0xFFFFFFFF,
        int(fraction * (1 << 32)),
        timestamp & 0xFFFFFFFF,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )
    return _packet(SR, 0, body) + _description(ssrc, cname)


def receiver_report(ssrc: int, block: Block, cname: str) -> bytes:
    """RR and SDES on what we receive."""
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


def parse(data: bytes) -> list[Report | Bye]:
    """The reports and goodbyes of a compound packet; other kinds are passed over. Raises `RtcpError`."""
    found, at = list[Report | Bye](), 0
    while at < len(data):
        if at + 4 > len(data):
            raise RtcpError("ends inside a header")
        first, kind, words = _HEAD.unpack_from(data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            raise RtcpError("not RTCP version 2, or cut short")
        body, count = data[at + 4 : end], first & 0x1F
        if kind == SR:
            found.append(_report(body, count, 24, _middle(body)))
        elif kind == RR:
            found.append(_report(body, count, 4, None))
        elif kind == BYE:
            if len(body) < 4 * count:
                raise RtcpError("short BYE")
            found.append(Bye(list(struct.unpack_from(f">{count}I", body))))
        at = end
    return found


@dataclass(slots=True)
class Reception:
    """What we received of one source, for reports about it (RFC 3550, A.3 and A.8)."""

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
        """A packet came at `arrival` (monotonic seconds)."""
        if self._base is None:
            self._base = self._highest = sequence
        ahead = (sequence - self._highest) & 0xFFFF
        if ahead < 0x8000:
            self._highest += ahead
        self._received += 1
        transit = arrival * 48_000 - timestamp
        if self._transit is not None:
            difference = abs(transit - self._transit)
            if difference < 48_000:  # the timestamp turned or jumped: no jitter
                self._jitter += (difference - self._jitter) / 16
        self._transit = transit

    def reported(self, ntp: int, arrival: float) -> None:
        """The source's sender report came."""
        self._reported = (ntp, arrival)

    def block(self, now: float) -> Block | None:
        """What to report now, or None when nothing came yet."""
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


def _description(ssrc: int, cname: str) -> bytes:
    name = cname.encode()[:255]
    item = struct.pack(">IBB", ssrc, 1, len(name)) + name + b"\0"
    return _packet(SDES, 1, item + bytes(-len(item) % 4))


def _middle(body: bytes) -> int | None:
    return int.from_bytes(body[6:10], "big") if len(body) >= 10 else None


def _report(body: bytes, count: int, start: int, ntp: int | None) -> Report:
    if len(body) < start + count * _BLOCK.size:
        raise RtcpError("short report")
    blocks = []
    for place in range(count):
        ssrc, loss, highest, jitter, last, delay = _BLOCK.unpack_from(body, start + place * _BLOCK.size)
        lost = (loss & 0xFFFFFF) - ((loss & 0x800000) << 1)
        blocks.append(Block(ssrc, loss >> 24, lost, highest, jitter, last, delay))
    return Report(int.from_bytes(body[:4], "big"), blocks, ntp)
