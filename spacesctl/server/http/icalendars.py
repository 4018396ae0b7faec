"""Spaces and series as iCalendar (RFC 5545). Contains public information only, and the same bytes until something
changes.

A series is one recurring event; each occurrence that has a Space is an event for its date (RECURRENCE-ID). If no rule
expresses the times exactly, the coming occurrences are single events. Ended Spaces are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from icalendar import Calendar, Component, Event, Timezone, vDuration, vRecur

from spacesctl.domain.accounts import Account
from spacesctl.domain.recurrence import occurrences
from spacesctl.domain.rrule import recurrence_rule
from spacesctl.domain.series import Series, SeriesState
from spacesctl.domain.space import Space
from spacesctl.domain.words import State
from spacesctl.support.text import without

ASSUMED = timedelta(hours=1)
"""The duration that is shown for a Space without one."""
LISTED = 50
"""Coming occurrences that are listed for a series without an exact rule, within `LISTED_AHEAD`."""
LISTED_AHEAD = timedelta(days=366)
CANCELED_KEPT = timedelta(days=7)
"""How long after its time a canceled Space is still included, for calendar programs that fetch rarely."""
REFRESH = timedelta(hours=1)
"""How often calendar programs are asked to fetch a calendar again; without it, some do so once a day."""
_ZONE_YEARS = 10

Link = Callable[[str], str]


def of_space(space: Space, host: Account, series: Series | None, link: Link, now: datetime) -> bytes:
    """The calendar of one Space, which must have a time. Blocks for time zone files, as the other functions do."""
    zone = ZoneInfo(series.tz) if series is not None else None
    return _calendar(space.title, [_of_space(space, host, series, link, now)], [zone], now)


def of_account(host: Account, spaces: Iterable[Space], series: Iterable[Series], link: Link, now: datetime) -> bytes:
    """The calendar of a host: live, scheduled and recently canceled Spaces, and active series."""
    active = {one.id: one for one in series if one.state is SeriesState.ACTIVE}
    events: list[Event] = []
    for space in spaces:
        of = active.get(space.series_id or "")
        if of is not None or space.series_id is None:
            if (
                of is None or space.state is not State.CANCELED
            ):  # canceled occurrences are exceptions of the series itself
                events.append(_of_space(space, host, of, link, now))
        elif space.state is not State.CANCELED:
            events.append(_of_space(space, host, None, link, now))
    made = {str(event["uid"]) for event in events}
    recurring = [event for one in active.values() for event in _of_series(one, host, now)]
    # Recurring events come before the events for single dates of them: some programs read in one pass.
    events = [event for event in recurring if "rrule" in event or str(event["uid"]) not in made] + events
    return _calendar(f"@{host.handle}", events, [ZoneInfo(one.tz) for one in active.values()], now)


def _of_space(space: Space, host: Account, series: Series | None, link: Link, now: datetime) -> Event:
    start = space.scheduled_start or space.started_at
    if start is None:
        raise ValueError("a Space without a time cannot be in a calendar")
    slot = _slot(space, series) if series is not None else None
    event = _event(space.title, host, space.topics, space.duration, link(space.id))
    event.add("status", "CANCELLED" if space.state is State.CANCELED else "CONFIRMED")
    if series is None or slot is None:
        event.add("uid", _uid(space.id))
        event.add("sequence", space.revision)
        event.add("dtstamp", space.revised_at or space.created_at)
        event.add("dtstart", start)
        return event
    zone = ZoneInfo(series.tz)
    if recurrence_rule(series.cron, series.tz, now) is None:
        event.add("uid", _listed_uid(series, slot))
    else:
        event.add("uid", _uid(series.id))
        event.add("recurrence-id", slot.astimezone(zone))
    event.add("sequence", series.revision + space.revision)
    event.add("dtstamp", max(_changed(series), space.revised_at or space.created_at))
    event.add("dtstart", start.astimezone(zone))
    return event


def _slot(space: Space, series: Series) -> datetime | None:
    """The date of its series that a Space stands for, even if it was moved; None if the series no longer has that date."""
    if space.id == series.space_id:
        return series.planned
    if space.id == series.started_id:
        return series.started
    return space.scheduled_start if space.scheduled_start in series.skipped else None


def _of_series(series: Series, host: Account, now: datetime) -> list[Event]:
    rule = recurrence_rule(series.cron, series.tz, now)
    if rule is None:
        return [_occurrence(series, host, at) for at in _coming(series, now)]
    zone = ZoneInfo(series.tz)
    first = next(occurrences(series.cron, series.tz, series.since or series.created_at), None)
    if first is None:
        return []
    event = _occurrence(series, host, first, uid=_uid(series.id))
    event.add("rrule", vRecur.from_ical(rule))
    if series.skipped:
        event.add("exdate", [at.astimezone(zone) for at in series.skipped])
    return [event]


def _coming(series: Series, now: datetime) -> list[datetime]:
    if series.planned is None:
        return []
    rest = occurrences(series.cron, series.tz, series.planned)
    return [series.planned, *takewhile(lambda at: at < now + LISTED_AHEAD, islice(rest, LISTED - 1))]


def _occurrence(series: Series, host: Account, at: datetime, uid: str | None = None) -> Event:
    event = _event(series.title, host, series.topics, series.duration, None)
    event.add("uid", uid or _listed_uid(series, at))
    event.add("sequence", series.revision)
    event.add("dtstamp", _changed(series))
    event.add("dtstart", at.astimezone(ZoneInfo(series.tz)))
    event.add("status", "CONFIRMED")
    return event


def _event(title: str, host: Account, topics: tuple[str, ...], duration: int | None, link: str | None) -> Event:
    event = Event()
    event.add("summary", _plain(title))
    event.add("duration", timedelta(seconds=duration) if duration is not None else ASSUMED)
    event.add("description", "\n".join([_plain(f"Hosted by {host.name} (@{host.handle})"), *([link] if link else [])]))
    if link is not None:
        event.add("url", link)
    if topics:
        event.add("categories", [_plain(topic) for topic in topics])
    return event


def _calendar(name: str, events: Iterable[Component], zones: Iterable[tzinfo | None], now: datetime) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//spacesctl//spacesctl//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _plain(name))
    calendar.add("refresh-interval", vDuration(REFRESH), {"value": "DURATION"})  # RFC 7986, 5.7
    calendar.add("x-published-ttl", vDuration(REFRESH))  # the same for Outlook, which does not know the standard's
    for zone in sorted({str(zone) for zone in zones if zone is not None and str(zone) != "UTC"}):
        calendar.add_component(_zone(zone, now.year))
    for event in events:
        calendar.add_component(event)
    made: bytes = calendar.to_ical()
    return made


@lru_cache(maxsize=64)
def _zone(tz: str, year: int) -> Timezone:
    """The zone's changes from last year on, for ten years. The whole history since 1970 would be larger than the events."""
    first, last = datetime(year - 1, 1, 1, tzinfo=UTC), datetime(year + _ZONE_YEARS, 1, 1, tzinfo=UTC)
    return Timezone.from_tzid(tz, first_date=first.date(), last_date=last.date())


def _uid(ref: str) -> str:
    return f"{ref}@spacesctl"


def _listed_uid(series: Series, at: datetime) -> str:
    return _uid(f"{series.id}-{at:%Y%m%dT%H%M%SZ}")


def _changed(series: Series) -> datetime:
    return series.revised_at or series.created_at


def _plain(text: str) -> str:
    """In one line, and without control characters, which RFC 5545 (3.3.11) allows in no text. A server before this may have stored some."""
    return without(text)
