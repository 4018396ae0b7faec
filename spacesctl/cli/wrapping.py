"""Lines for a terminal that break between words. A terminal by itself breaks in the middle of one."""

from __future__ import annotations

import os
import re
import unicodedata
from typing import IO, Final

USUAL: Final = 80
"""Columns of a terminal that does not tell how many it has."""
NARROWEST: Final = 20
_LABEL: Final = re.compile(r"\s*\S+\s{2,}")
"""What stands in a column of its own before the text: a time, a name, `link`."""
MOST_HANGING: Final = 16


def wrapped(text: str, width: int) -> str:
    """The text with a line break in place of a space wherever a line would be longer. What has no space, such as a link, stays whole. What
    goes on stands below its beginning."""
    return "\n".join(_line(line, max(width, NARROWEST)) for line in text.split("\n"))


def width_of(stream: IO[str]) -> int:
    """Columns of a terminal."""
    if (given := os.environ.get("COLUMNS", "")).isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL
    except (OSError, ValueError):
        return USUAL


def _line(text: str, width: int) -> str:
    if _columns(text) <= width:
        return text
    before = " " * _hanging(text)
    found, line = list[str](), ""
    for word in _words(text):
        if line.strip() and _columns(line + word.rstrip(" ")) > width:
            found.append(line.rstrip(" "))
            line = before
        line += word
    return "\n".join([*found, line.rstrip(" ")])


def _hanging(text: str) -> int:
    label = _LABEL.match(text)
    if label is not None and label.end() <= MOST_HANGING:
        return label.end()
    return len(text) - len(text.lstrip(" "))


def _words(text: str) -> list[str]:
    """Words with the spaces behind them, and before the first."""
    return re.findall(r"^ *[^ ]+ *|[^ ]+ *", text)


def _columns(text: str) -> int:
    """What a terminal needs for it: wide letters take two columns, marks none."""
    if text.isascii():
        return len(text)
    return sum(_size(char) for char in text)


def _size(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
