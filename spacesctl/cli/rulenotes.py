"""What is said of rules that were set: what evidence keeps, and whether the audience is far enough behind for what they redact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacesctl.cli.output import note, say

if TYPE_CHECKING:
    from spacesctl.api.series import Series
    from spacesctl.api.spaces import Space

KEPT = "evidence keeps numbers"
NOT_KEPT = "evidence has no numbers; --with-numbers keeps them"
NO_LONGER_KEPT = "evidence kept numbers before and has none now; --with-numbers keeps them"
TOO_LATE = "rules redact, and without a delay nothing is kept from the audience in time"


def numbers(text: str | None, *, kept: bool, before: bool = False) -> str | None:
    """What evidence has of spoken numbers with these rules; None where that does not matter. `before`: with the earlier rules it kept
    them."""
    if kept:
        return KEPT
    if before:
        return NO_LONGER_KEPT if text is not None else None
    if text is None:
        return None
    from spacesctl.cli.rules import has_digits

    return NOT_KEPT if has_digits(text) else None


def note_numbers(text: str | None, *, kept: bool, before: bool = False) -> None:
    """The same on stderr, unless evidence keeps them: that stands in the line of the rules."""
    told = numbers(text, kept=kept, before=before)
    if told is not None and not kept:
        note(told)


def note_delay(one: Space | Series) -> None:
    """Warn when rules redact and nobody hears late."""
    if too_late(one):
        note(TOO_LATE)


def too_late(one: Space | Series) -> bool:
    """Whether rules redact what the audience has heard already. A series without a delay of its own has the one that rules need."""
    return one.redacts and one.delay == 0


def say_delay(before: Space, after: Space) -> None:
    """What other rules did to the delay."""
    from spacesctl.cli.spaceview import delay

    if after.delay != before.delay:
        say(f"the delay is {delay(after)}")
    note_delay(after)
