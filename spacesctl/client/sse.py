"""Server-Sent Events as the WHATWG has them: bytes in, the data of each event out."""

from __future__ import annotations

from collections.abc import Iterator

MOST_EVENT = 1 << 20
"""Bytes of an event, or of a line, at most. The largest of ours, a report's, has a hundredth of it."""
_BOM = b"\xef\xbb\xbf"


class TooLong(ValueError):
    """An event that never ends."""


class Reader:
    """`feed` it what comes. An event without data is none: a comment that keeps the connection open ends with a blank line, too."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._begun = False
        self._after_return = False

    def feed(self, piece: bytes) -> Iterator[str]:
        """The data of the events that are complete now. Raises TooLong."""
        for line in self._lines(piece):
            if line:
                self._take(line)
            elif self._data:
                data = b"\n".join(self._data)
                self._data, self._size = [], 0
                if data:
                    yield data.decode("utf-8", "replace")

    def _lines(self, piece: bytes) -> Iterator[bytes]:
        if self._after_return and piece.startswith(b"\n"):
            piece = piece[1:]
        self._after_return = piece.endswith(b"\r") if piece else self._after_return
        *lines, rest = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            whole = bytes(self._rest) + line
            self._rest.clear()
            if not self._begun:
                self._begun, whole = True, whole.removeprefix(_BOM)
            yield whole
        self._rest += rest
        if len(self._rest) > MOST_EVENT:
            raise TooLong

    def _take(self, line: bytes) -> None:
        """The field of a line. Of an event only its data matters: the number and the type stand there, too."""
        name, _, value = line.partition(b":")
        if name != b"data":
            return
        self._data.append(value.removeprefix(b" "))
        self._size += len(line)
        if self._size > MOST_EVENT:
            raise TooLong
