"""Text files as people have them: with a byte order mark or without, and perhaps no text at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from spacesctl.domain.errors import Invalid

MOST_SETTINGS = 1 << 20
"""Bytes of a file of settings at most."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path, most: int = MOST_SETTINGS) -> str:
    """The text of a file, which may also be a pipe. Raises OSError, and Invalid for one that is too long or not UTF-8."""
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Invalid(str(path), f"has more than {most} bytes")
    return as_text(content, str(path))


def read_regular(path: Path, most: int) -> bytes:
    """Up to so many bytes of a file, and one more of a longer one. Raises Invalid for what cannot be read and for what is no regular file:
    a pipe may never end, and is never waited for."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:  # pathlib has no opener
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Invalid(str(path), "cannot be read: it is no regular file")
            return file.read(most)
    except OSError as error:
        raise Invalid(str(path), f"cannot be read: {error.strerror or error}") from error


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def read_settings(path: Path) -> str | None:
    """The text of a file of settings; None when there is none. Raises Invalid for what cannot be read, also for a pipe, which might never
    end."""
    hint = "correct or remove it"
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind):
            raise Invalid(str(path), "cannot be read: it is not a file", hint=hint)
        return read_text(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Invalid(str(path), f"cannot be read: {error.strerror or error}", hint=hint) from error


def as_text(content: bytes, name: str) -> str:
    """UTF-8 with or without a byte order mark, with any line ends, as text. Raises Invalid, which says what to do."""
    if content.startswith(_UTF_16):
        raise Invalid(name, "cannot be read: it is UTF-16", hint="save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(name, f"cannot be read: line {line} is not UTF-8 text", hint="save it as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
