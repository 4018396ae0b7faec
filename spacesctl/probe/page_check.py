"""Checks one stream of Ogg Opus: damaged pages, missing pages, and granule positions that do not match the sound."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from spacesctl.audio.ogg import HEADER_PAGES, OggError, crc, packet_samples

_PAGE: Final = struct.Struct("<4sBBqIIIB")


@dataclass
class Heard:
    """What one player received: `pages`; those `lost`, by page number or granule position; those `broken`; and `samples` of sound at
    48 kHz."""

    pages: int = 0
    lost: int = 0
    broken: int = 0
    samples: int = 0


class PageCheck:
    """Takes the bytes of one Ogg Opus stream as they arrive."""

    def __init__(self) -> None:
        self.heard = Heard()
        self._bytes = bytearray()
        self._number: int | None = None
        self._granule: int | None = None

    def take(self, data: bytes) -> None:
        self._bytes += data
        while (size := self._page_size()) is not None:
            page = bytes(self._bytes[:size])
            del self._bytes[:size]
            self._check(page)

    def begin(self) -> None:
        """Count from now on."""
        self.heard = Heard()

    def _page_size(self) -> int | None:
        """The size of the next page, if all of it has arrived."""
        if len(self._bytes) < _PAGE.size:
            return None
        segments = self._bytes[_PAGE.size - 1]
        laces = self._bytes[_PAGE.size : _PAGE.size + segments]
        size = _PAGE.size + segments + sum(laces)
        return size if len(laces) == segments and len(self._bytes) >= size else None

    def _check(self, page: bytes) -> None:
        mark, _, _, granule, _, number, told, segments = _PAGE.unpack_from(page)
        heard = self.heard
        heard.pages += 1
        if mark != b"OggS" or crc(page[:22] + bytes(4) + page[26:]) != told:
            heard.broken += 1
            return
        if number < HEADER_PAGES:
            return
        missing = 0 if self._number is None else (number - self._number - 1) & 0xFFFFFFFF
        heard.lost += missing
        self._number = number
        try:
            samples = _samples(page[_PAGE.size : _PAGE.size + segments], page[_PAGE.size + segments :])
        except OggError:
            heard.broken += 1
            return
        if self._granule is not None and not missing and granule - self._granule != samples:
            heard.lost += 1
        self._granule = granule
        heard.samples += samples


def _samples(laces: bytes, body: bytes) -> int:
    """The total length of a page's packets in samples. Raises `OggError`."""
    total = at = size = 0
    for lace in laces:
        size += lace
        if lace < 255:
            total += packet_samples(body[at : at + size])
            at, size = at + size, 0
    return total
