"""The way to a terminal, for lines of text. `consoles` has the one for what Rich draws."""

from __future__ import annotations

import sys
from typing import IO

from spacesctl.support.text import REPLACEMENT, clean, replaced


def write_line(text: str, *, err: bool = False) -> None:
    """Write a line to stdout, or stderr, at once. What others wrote may stand in it. One that is closed gets nothing."""
    stream: IO[str] | None = sys.stderr if err else sys.stdout
    if stream is not None:
        print(clean(text), file=stream, flush=True)  # the one place that writes lines to a terminal


def write_question(text: str) -> None:
    """Write the beginning of a line to stderr; the answer is typed behind it."""
    if sys.stderr is not None:
        sys.stderr.write(f"{clean(text)} ")
        sys.stderr.flush()


def write_over(text: str) -> None:
    """Write what is typed at the moment to stderr, in place of what stands on the line."""
    if sys.stderr is not None:
        sys.stderr.write(f"\r\x1b[K{clean(text)}")
        sys.stderr.flush()


def write_file(text: str) -> None:
    """Write a text file to stdout, where it may go to a terminal. Its lines may end in CR LF, as those of calendars do."""
    if sys.stdout is not None:
        sys.stdout.buffer.write(replaced(text, lambda char: char if char == "\r" else REPLACEMENT).encode())
