"""Whole numbers in texts of others: `isdigit` is true of `²`, `\\d` of Arabic digits, and Python refuses to read thousands of digits."""

from __future__ import annotations

from typing import Final

MOST_DIGITS: Final = 18
"""So many digits always fit a column of the database (63 bits)."""


def whole(text: str, most_digits: int = MOST_DIGITS) -> int | None:
    """The number that a text of ASCII digits says; None for any other text, and for one that is too long."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most_digits else None
