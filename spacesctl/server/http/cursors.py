"""The `cursor` of lists: where the next page begins."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain.clock import is_in_calendar, parse_rfc3339
from spacesctl.domain.errors import Invalid
from spacesctl.support.numbers import whole


def instant(cursor: str | None) -> datetime | None:
    """The instant that a cursor says. Raises Invalid."""
    if not cursor:
        return None
    try:
        at = parse_rfc3339(cursor)
    except ValueError as error:
        raise unknown() from error
    if not is_in_calendar(at):
        raise unknown()
    return at


def number(cursor: str | None) -> int | None:
    """The number that a cursor says. Raises Invalid."""
    if not cursor:
        return None
    if (found := whole(cursor)) is None:
        raise unknown()
    return found


def unknown() -> Invalid:
    """The refusal of a text that is no cursor of ours."""
    return Invalid("cursor", "is not a cursor that this list returned")
