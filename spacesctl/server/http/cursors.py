"""The `cursor` of lists: where the next page begins."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain.clock import parse_rfc3339
from spacesctl.domain.errors import Invalid


def instant(cursor: str | None) -> datetime | None:
    """The instant that a cursor says. Raises Invalid."""
    try:
        return parse_rfc3339(cursor) if cursor else None
    except ValueError as error:
        raise unknown() from error


def number(cursor: str | None) -> int | None:
    """The number that a cursor says. Raises Invalid."""
    if not cursor:
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise unknown()
    return int(cursor)


def unknown() -> Invalid:
    """The refusal of a text that is no cursor of ours."""
    return Invalid("cursor", "is not a cursor that this list returned")
