"""Ogg Opus files: write them packet by packet, read them, and make clips with exact timing (RFC 3533, RFC 7845).

Small clients import this module, so it uses only the standard library. Times are samples at 48 kHz, whatever the original sample rate.
"""

from __future__ import annotations

import secrets
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import BinaryIO, Final, NamedTuple

TICK_SAMPLES: Final = 960
"""Samples in a tick: 20 ms at 48 kHz."""
SILENCE: Final = b"\xf8\xff\xfe"
"""20 ms of digital silence, a whole Opus packet (CELT, full band, mono)."""
PRE_SKIP: Final = 312
"""The encoder delay of libopus in samples. A player drops this much at the beginning, so that the sound starts at the right time."""
HEADER_PAGES: Final = 2
"""Pages with headers, before those with sound."""
MAX_CLIP_TICKS: Final = 24 * 3600 * 50
"""Ticks that a clip may span: a day."""
MAX_PACKET: Final = 61_440
"""Bytes. No real Opus packet is longer; RFC 7845, 6 allows refusing such packets."""

_PAGE: Final = struct.Struct("<4sBBqIIIB")
_HEAD: Final = struct.Struct("<8sBBHIhB")
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_MIRROR: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OggError(ValueError):
    """Not an Ogg Opus file, or a broken one. `reason` says what is wrong."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"ogg: {reason}")


class OpusHead(NamedTuple):
    """The fields of a stream's first packet (RFC 7845, 5.1): `pre_skip` in samples at 48 kHz, `rate` of the original sound in Hz, `gain`
    in 1/256 dB."""

    channels: int
    pre_skip: int
    rate: int
    gain: int


def crc(data: bytes) -> int:
    """Ogg's checksum (RFC 3533, 6): CRC-32 by 0x04c11db7, unreflected, from zero.

    zlib computes the reflected form in C, so the bits of every input byte and of the result are reversed.
    """
    mirrored = zlib.crc32(data.translate(_MIRROR), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRROR), "big")


def packet_samples(packet: bytes) -> int:
    """The duration of an Opus packet in samples at 48 kHz (RFC 6716, 3.1 and 3.2). Raises `OggError` when it is not valid."""
    if not packet:
        raise OggError("empty packet")
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        frame = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:
        frame = (480, 960)[config & 1]
    else:
        frame = 120 << (config & 3)
    if code == 3 and len(packet) < 2:
        raise OggError("packet without its frame count")
    count = (1, 2, 2)[code] if code < 3 else packet[1] & 63
    if not 0 < frame * count <= 5760:
        raise OggError("packet of more than 120 ms")
    return frame * count


class OggOpusWriter:
    """Makes one stream: first `headers()`, then `page(packets)` as often as needed, the last time with `last=True`.

    Every method returns bytes for the caller to write. `serial` is the stream's serial number, random by default; `pre_skip` is in samples
    at 48 kHz; `rate` is the original sample rate in Hz.
    """

    def __init__(
        self, channels: int = 1, pre_skip: int = PRE_SKIP, serial: int | None = None, *, rate: int = 48_000
    ) -> None:
        """To continue a stream that was begun before, set `pages` and `samples` afterwards."""
        self.channels = channels
        self.pre_skip = pre_skip
        self.rate = rate
        self.serial = secrets.randbits(32) if serial is None else serial
        self.samples = 0
        self.pages = 0

    def headers(self, comments: Mapping[str, str] | None = None) -> bytes:
        """The two header pages: OpusHead and OpusTags, with comments such as TITLE (RFC 7845, 5.2; at most a page of them)."""
        head = _HEAD.pack(b"OpusHead", 1, self.channels, self.pre_skip, self.rate, 0, 0)
        said = [f"{name}={text}".encode() for name, text in (comments or {}).items()]
        tags = b"OpusTags" + _counted(b"spacesctl") + struct.pack("<I", len(said)) + b"".join(map(_counted, said))
        pages = (self._numbered(0, head, _lacing(head), _FIRST, 0), self._numbered(1, tags, _lacing(tags), 0, 0))
        self.pages = max(self.pages, HEADER_PAGES)
        return b"".join(pages)

    def page(self, packets: Iterable[bytes], last: bool = False) -> bytes:
        """Packets as one page, or as many as needed (a page holds 255 segments). Raises `OggError` for a packet that is not Opus."""
        pages, laces, body = [], b"", b""
        for packet in packets:
            lace = _lacing(packet)
            if len(laces) + len(lace) > 255:
                pages.append(self._page(body, laces, 0, self.samples))
                laces = body = b""
            self.samples += packet_samples(packet)
            laces += lace
            body += packet
        if laces or last:
            pages.append(self._page(body, laces, _LAST if last else 0, self.samples))
        return b"".join(pages)

    def _page(self, body: bytes, laces: bytes, flags: int, granule: int) -> bytes:
        self.pages += 1
        return self._numbered(self.pages - 1, body, laces, flags, granule)

    def _numbered(self, number: int, body: bytes, laces: bytes, flags: int, granule: int) -> bytes:
        head = _PAGE.pack(b"OggS", 0, flags, granule, self.serial, number, 0, len(laces)) + laces
        return head[:22] + struct.pack("<I", crc(head + body)) + head[26:] + body


def _counted(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text


def _lacing(packet: bytes) -> bytes:
    if len(packet) > 254 * 255:
        raise OggError("packet too long for a page")
    return b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,))


def clip(frames: Sequence[tuple[int, bytes]], *, per_page: int = 50) -> bytes:
    """A whole file of packets, given as (tick, packet): the first at time 0, each other at (tick - first tick) x 20 ms.

    Missing ticks, empty payloads and packets that are not 20 ms become silence, so all other packets keep their time.
    Raises ValueError when ticks do not rise, or when the clip spans more than a day. `per_page` is the number of packets in a page.
    """
    if frames and frames[-1][0] - frames[0][0] >= MAX_CLIP_TICKS:
        raise ValueError("a clip of more than a day")
    writer = OggOpusWriter()
    parts, page = [writer.headers()], list[bytes]()
    for packet in _filled(frames):
        if len(page) == per_page:
            parts.append(writer.page(page))
            page = []
        page.append(packet)
    parts.append(writer.page(page, last=True))
    return b"".join(parts)


def _filled(frames: Sequence[tuple[int, bytes]]) -> Iterator[bytes]:
    expected = frames[0][0] if frames else 0
    for tick, packet in frames:
        if tick < expected:
            raise ValueError(f"tick {tick} comes after tick {expected - 1}")
        for _ in range(tick - expected):
            yield SILENCE
        expected = tick + 1
        yield packet if _is_one_tick(packet) else SILENCE


def _is_one_tick(packet: bytes) -> bool:
    try:
        return packet_samples(packet) == TICK_SAMPLES
    except OggError:
        return False


class Tail(NamedTuple):
    """The end of a stream that may be cut off: its last whole page begins at byte `last` and ends at byte `end`. Up to there the stream has
    `pages` pages and `samples` samples at 48 kHz."""

    serial: int
    pages: int
    samples: int
    last: int
    end: int


def tail(file: BinaryIO) -> Tail:
    """Find the last whole page of a file with one stream. What follows it is an incomplete page. Raises `OggError` when there is none."""
    found: Tail | None = None
    at = file.seek(0)
    while True:
        try:
            page = _read_page(file)
        except OggError:
            page = None
        if page is None:
            if found is None:
                raise OggError("no whole page")
            return found
        file.seek(at)
        _, _, _, granule, serial, number, _, _ = _PAGE.unpack(file.read(_PAGE.size))
        end = at + _PAGE.size + len(page[2]) + len(page[3])
        found = Tail(serial, number + 1, granule, at, end)
        at = end
        file.seek(at)


def finish(file: BinaryIO) -> Tail:
    """Cut off an incomplete page at the end, and mark the last whole page as the end of the stream. `file` must be open for reading and
    writing. Raises `OggError` when there is no whole page."""
    found = tail(file)
    file.truncate(found.end)
    file.seek(found.last)
    page = bytearray(file.read(found.end - found.last))
    page[5] |= _LAST
    page[22:26] = bytes(4)
    page[22:26] = struct.pack("<I", crc(bytes(page)))
    file.seek(found.last)
    file.write(page)
    return found


def read_head(data: bytes | BinaryIO) -> OpusHead:
    """Read the header of the first Opus stream in a file. Raises `OggError`."""
    for packet in _stream(_open(data)):
        return _parse_head(packet)
    raise OggError("no Opus stream")


def read_packets(data: bytes | BinaryIO) -> Iterator[bytes]:
    """The packets of the first Opus stream in a file, without its two header packets. Raises `OggError` when the file is broken."""
    packets = _stream(_open(data))
    head = next(packets, None)
    if head is None:
        raise OggError("no Opus stream")
    _parse_head(head)
    if not next(packets, b"").startswith(b"OpusTags"):
        raise OggError("no OpusTags after OpusHead")
    yield from packets


def _open(data: bytes | BinaryIO) -> BinaryIO:
    return BytesIO(data) if isinstance(data, bytes | bytearray | memoryview) else data


def _parse_head(packet: bytes) -> OpusHead:
    if len(packet) < _HEAD.size:
        raise OggError("short OpusHead")
    _, version, channels, pre_skip, rate, gain, _ = _HEAD.unpack_from(packet)
    if version >> 4 or not channels:
        raise OggError("OpusHead of an unknown version")
    return OpusHead(channels, pre_skip, rate, gain)


def _stream(file: BinaryIO) -> Iterator[bytes]:
    """Packets of the first Opus stream, headers included; other streams are skipped."""
    serial: int | None = None
    rest = b""
    while (page := _read_page(file)) is not None:
        flags, number, laces, body = page
        if serial is None and flags & _FIRST and body.startswith(b"OpusHead"):
            serial = number
        if number != serial:
            continue
        if not flags & _CONTINUED:
            rest = b""  # the rest of the previous page's last packet is missing
        at = 0
        for lace in laces:
            rest += body[at : at + lace]
            at += lace
            if len(rest) > MAX_PACKET:
                raise OggError("packet too long")
            if lace < 255:
                yield rest
                rest = b""
        if flags & _LAST:
            return


def _read_page(file: BinaryIO) -> tuple[int, int, bytes, bytes] | None:
    head = file.read(_PAGE.size)
    if not head:
        return None
    if len(head) < _PAGE.size or not head.startswith(b"OggS\x00"):
        raise OggError("not a page where one must start")
    _, _, flags, _, serial, _, checksum, segments = _PAGE.unpack(head)
    laces = file.read(segments)
    body = file.read(sum(laces))
    if len(laces) < segments or len(body) < sum(laces):
        raise OggError("ends inside a page")
    if crc(head[:22] + b"\0\0\0\0" + head[26:] + laces + body) != checksum:
        raise OggError("checksum does not match")
    return flags, serial, laces, body
