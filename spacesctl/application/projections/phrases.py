"""Phrases that notices share."""

from __future__ import annotations

from datetime import datetime, timedelta

from spacesctl.application.projections.notice_context import Context


def in_words(at: datetime) -> str:
    """A time as people say it: Monday, 30 November 2026, 18:00 UTC."""
    return f"{at:%A}, {at.day} {at:%B %Y}, {at:%H:%M} UTC"


def how_long_in_words(time: timedelta) -> str:
    """A duration as people say it: 90 s, 5 min, 1 h 30 min, 2 h."""
    seconds = round(time.total_seconds())
    if seconds % 60 or seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)


def because(reason: str) -> str:
    """A reason after what it is the reason of, with the full stop; without one that alone."""
    return f": {reason}{'' if reason[-1] in '.!?' else '.'}" if reason else "."


def then_can(c: Context, action: str) -> str:
    """What a person can do when a sanction is over, after a space; empty when that is nothing new."""
    return {"mute": " Open your microphone to speak.", "kick": f" {c.link}"}.get(action, "")
