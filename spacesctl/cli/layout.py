"""A page of help as plain text: a usage line, words, and lists under headings. No line is cut: what is too long goes on below."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import NamedTuple

WIDEST, NARROWEST = 80, 30
"""Columns of a page. Longer lines are hard to read, in shorter ones no column fits beside another."""
MOST_TERM = 24
"""Columns of the terms of a list; what explains a longer one begins on the next line."""
INDENT = "  "


class Row(NamedTuple):
    """A term, and what explains it."""

    term: str
    text: str


class Section(NamedTuple):
    """A heading, and the list under it."""

    heading: str
    rows: Sequence[Row]


def columns() -> int:
    """Columns to write in: those of the terminal, but not too many."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))


def page(usage: str, text: str, sections: Iterable[Section], examples: Sequence[str] = (), end: str = "") -> str:
    """The whole page. `examples` are kept as they are, so that they can be copied."""
    width = columns()
    blocks = ["\n".join(_wrapped(usage, width, hanging=INDENT)), *(_paragraph(one, width) for one in _paragraphs(text))]
    filled = [one for one in sections if one.rows]
    margin = max((_margin(one.rows, width) for one in filled), default=0)
    blocks += ["\n".join([one.heading, *_list(one.rows, width, margin)]) for one in filled]
    if examples:
        blocks.append("\n".join(["Examples", *(f"{INDENT}{one}" for one in examples)]))
    return "\n\n".join([*blocks, *([_paragraph(end, width)] if end else [])])


def _paragraphs(text: str) -> list[str]:
    return [one for one in text.split("\n\n") if one.strip()]


def _paragraph(text: str, width: int) -> str:
    return "\n".join(_wrapped(" ".join(text.split()), width))


def _wrapped(text: str, width: int, hanging: str = "") -> list[str]:
    return wrap(text, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)


def _margin(rows: Sequence[Row], width: int) -> int:
    """The column in which the explanations of a list begin; on a narrow terminal they stand below the terms."""
    if width < WIDEST * 2 // 3:
        return 2 * len(INDENT)
    return len(INDENT) + 2 + max((len(one.term) for one in rows if len(one.term) <= MOST_TERM), default=0)


def _list(rows: Sequence[Row], width: int, margin: int) -> list[str]:
    lines: list[str] = []
    for term, text in rows:
        explained = _wrapped(text, width - margin)
        first = f"{INDENT}{term}"
        if explained and len(first) + 2 <= margin:
            first = f"{first:<{margin}}{explained.pop(0)}"
        lines += [first, *(f"{'':<{margin}}{one}" for one in explained)]
    return lines
