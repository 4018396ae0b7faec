"""A series: Spaces of one kind that recur on a schedule. An active series has exactly one planned occurrence at any time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from spacesctl.domain.errors import Invalid, Refused
from spacesctl.domain.offence import USUAL, BreakerLimits
from spacesctl.domain.recurrence import check, occurrences
from spacesctl.domain.space import MAX_TITLE, MAX_TOPICS
from spacesctl.domain.words import ListenerPolicy, Policy, RecordingMode
from spacesctl.domain.zones import require_zone

MADE_AHEAD = timedelta(days=7)
"""An occurrence gets its Space, with invitations, at most this long before its start."""
GRACE = timedelta(minutes=5)
"""A Space whose start was missed by no more than this is started late; a later one is recorded as missed."""
MAX_SKIPPED = 50
SHORTEST, LONGEST = 60, 24 * 3600
"""The bounds of an occurrence's duration, in seconds."""


class SeriesState(StrEnum):
    """Whether a series plans occurrences."""

    ACTIVE = "active"
    PAUSED = "paused"
    DELETED = "deleted"


@dataclass(frozen=True)
class Series:
    """A recurring Space and its settings. `duration` is in seconds.

    `planned` is the start of the coming occurrence and `space_id` its Space, once that is created. `invited` and
    `cohosts` (who are invited as such) are account ids; nobody is in both.
    """

    id: str
    host_id: str
    title: str
    cron: str
    tz: str
    duration: int
    created_at: datetime
    policy: Policy = Policy.INVITED
    listeners: ListenerPolicy = ListenerPolicy.EVERYONE
    captions: bool = True
    topics: tuple[str, ...] = ()
    lang: str = "en"
    invited: tuple[str, ...] = ()
    rules_hash: str | None = None
    rule_actions: tuple[str, ...] = ()
    breaker: BreakerLimits = USUAL
    record: RecordingMode = RecordingMode.OFF
    """What is recorded of each occurrence."""
    delay: float | None = None
    """Seconds that the audience hears behind the stage; None: as the rules need it."""
    with_numbers: bool = False
    """Evidence keeps spoken numbers."""
    cohosts: tuple[str, ...] = ()
    state: SeriesState = SeriesState.ACTIVE
    planned: datetime | None = None
    space_id: str | None = None
    since: datetime | None = None
    """Its occurrences count from here: the time it was created, resumed, rescheduled, or last missed an occurrence."""
    skipped: tuple[datetime, ...] = ()
    """Occurrences after `since` that were canceled, in order."""
    started: datetime | None = None
    started_id: str | None = None
    """The Space of the last occurrence that was held; `started` is its planned start."""
    revision: int = 0
    """How often it was changed; `revised_at` is the last time."""
    revised_at: datetime | None = None


def checked(series: Series, before: Series | None = None) -> Series:
    """Return the series with its title normalized, if everything in it is in range. Raises Invalid. `before` is what it was before an
    edit: a zone that it had then may stay, although its name would not be taken today.
    """
    if before is None or before.tz != series.tz:
        require_zone(series.tz)
    check(series.cron, series.tz)
    title = " ".join(series.title.split())
    if not 1 <= len(title) <= MAX_TITLE:
        raise Invalid("title", f"must have 1 to {MAX_TITLE} characters")
    if len(series.topics) > MAX_TOPICS:
        raise Invalid("topics", f"at most {MAX_TOPICS}")
    if not SHORTEST <= series.duration <= LONGEST:
        raise Invalid("duration", "is between 1 minute and 24 hours")
    return replace(series, title=title)


def plan(series: Series, now: datetime) -> Series:
    """Return the series with its coming occurrence planned. A paused or deleted series has none."""
    if series.state is not SeriesState.ACTIVE:
        return replace(series, planned=None, space_id=None)
    if series.planned is not None:
        return series
    coming = (at for at in occurrences(series.cron, series.tz, now) if at not in series.skipped)
    return replace(series, planned=next(coming, None), space_id=None)


def used(series: Series, now: datetime, *, held: bool = False) -> Series:
    """Plan the next occurrence after the planned one has started (`held`), or was missed, canceled or skipped."""
    if series.planned is None:
        return plan(series, now)
    after = max(now, series.planned)
    noted = _held(series) if held else _not_held(series, series.planned, now)
    return plan(replace(noted, planned=next(occurrences(series.cron, series.tz, after), None), space_id=None), now)


def _held(series: Series) -> Series:
    return replace(series, started=series.planned, started_id=series.space_id)


def _not_held(series: Series, planned: datetime, now: datetime) -> Series:
    """Note a skipped occurrence. When its time has passed, drop all earlier occurrences from the series instead."""
    if planned <= now:
        return revised(series, now, since=now, skipped=())
    skipped = (*series.skipped, planned)
    if len(skipped) > MAX_SKIPPED:
        return revised(series, now, since=skipped[0], skipped=skipped[1:])
    return revised(series, now, skipped=skipped)


def revised(series: Series, now: datetime, **changes: Any) -> Series:
    """Return the series with `changes` and a higher revision, so that calendars take them over."""
    return replace(series, **changes, revision=series.revision + 1, revised_at=now)


def is_due_to_be_made(series: Series, now: datetime) -> bool:
    """Whether the planned occurrence should get its Space now."""
    return series.space_id is None and series.planned is not None and series.planned - now <= MADE_AHEAD


def edited(before: Series, after: Series, now: datetime) -> Series:
    """Return `after` as the edited `before`. Another cron expression or time zone plans anew; the same one keeps the
    planned and skipped occurrences.
    """
    if (before.cron, before.tz) == (after.cron, after.tz):
        return revised(after, now)
    begun = revised(after, now, since=now, skipped=(), planned=None)
    return replace(begun, planned=plan(begun, now).planned)


def paused(series: Series) -> Series:
    """Return the series paused, with nothing planned. Raises Refused with reason `deleted`."""
    _not_deleted(series)
    return replace(series, state=SeriesState.PAUSED, planned=None, space_id=None)


def deleted(series: Series) -> Series:
    """Return the series deleted, with nothing planned."""
    return replace(series, state=SeriesState.DELETED, planned=None, space_id=None)


def resumed(series: Series, now: datetime) -> Series:
    """Return the series active, planned from `now` on. Raises Refused with reason `deleted`."""
    _not_deleted(series)
    if series.state is SeriesState.ACTIVE:
        return series
    ahead = tuple(at for at in series.skipped if at > now)  # called off before the pause, and still called off
    return plan(revised(series, now, state=SeriesState.ACTIVE, since=now, skipped=ahead), now)


def _not_deleted(series: Series) -> None:
    if series.state is SeriesState.DELETED:
        raise Refused("deleted", "the series is deleted")
