"""How a Space is printed."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from spacesctl.cli.feed import show_blocked
from spacesctl.cli.output import clock, say
from spacesctl.cli.rulenotes import too_late
from spacesctl.domain.words import ChatPolicy, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spacesctl.api.captions import UnheardLane
    from spacesctl.api.recordings import Recording
    from spacesctl.api.series import Series
    from spacesctl.api.spaces import Pin, Space
    from spacesctl.api.wire import Time
    from spacesctl.domain.words import MeasureKind


def show_space(
    space: Space, tz: str | None = None, cohosts: Sequence[str] = (), names: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Print what a person wants to know of a Space; when it starts also in the zone `tz`. `names`: handles of who is not recognised, by
    account id."""
    say(f"{space.title}  [{space.state}]  {space.id}")
    say(f"  link       {space.link}")
    say(f"  host       {space.host.handle}")
    if cohosts:
        say(f"  co-hosts   {', '.join(cohosts)}")
    say(f"  speakers   {space.speakers}")
    say(f"  listeners  {space.listeners}")
    if space.topic_ids:
        say(f"  topics     {', '.join(space.topic_ids)}")
    if space.invited_user_ids:
        say(f"  invited    {len(space.invited_user_ids)}")
    if space.recording:
        say("  REC        this Space is being recorded")
    if when := space.started_at or space.scheduled_start:
        say(f"  {'since     ' if space.started_at else 'starts    '} {clock(when)}{in_zone(when, tz)}")
    if space.state == State.ENDED and space.ended_at is not None:
        _show_end(space, space.ended_at)
    else:
        say(f"  people     {space.participant_count}")
    status = space.captions_status
    captions = "on" if status.ready else f"{'on, but ' if space.captions else ''}{status.reason}"
    say(f"  captions   {captions}{', but behind' if status.behind else ''}")
    if status.unheard:
        say(f"  unheard    {_unheard(status.unheard, names)}")
    if space.chat is not ChatPolicy.OFF:
        say(f"  chat       {space.chat}{f', one message in {space.chat_every} s' if space.chat_every else ''}")
    show_blocked(space)
    for pin in space.pinned:
        say(f"  shared     {_shared(pin)}".replace("\n", " "))
    if space.delay or space.delay_now:
        say(f"  delay      {delay(space)}")
    elif too_late(space):
        say("  delay      none, though rules redact: too late")
    if space.held_until is not None:
        say(f"  held       who comes on stage is muted until {clock(space.held_until)}")
    for one in space.measures:
        until = f", until {clock(one.until)}" if one.until is not None else ""
        say(f"  {_MEASURES[one.action][0]:<10} {_MEASURES[one.action][1].format(every=one.every)}{until}")
    show_rules(space)


_MEASURES: dict[MeasureKind, tuple[str, str]] = {
    "lock": ("locked", "nobody new can join"),
    "slow": ("slow", "one request or reaction in {every} s from each account"),
    "mute": ("muted", "all below the staff, and who comes on stage"),
    "demote": ("demoted", "who comes on stage needs an approval"),
}


def show_rules(one: Space | Series) -> None:
    """The rules of a Space or of those of a series, if there are any."""
    if one.rules:
        say(f"  rules      {one.rules[:12]}{', evidence keeps numbers' if one.with_numbers else ''}")


def _unheard(lanes: Sequence[UnheardLane], names: Mapping[str, str]) -> str:
    """`@ann, @ben not recognised, for want of time; nothing is redacted of @ben`, or how many."""
    who = ", ".join(names.get(one.account_id, "somebody") for one in lanes) if names else str(len(lanes))
    bare = [names.get(one.account_id, "somebody") for one in lanes if one.unprotected]
    of = f" of {', '.join(bare)}" if names else " there"
    return f"{who} not recognised, for want of time" + (f"; nothing is redacted{of}" if bare else "")


def in_zone(at: datetime, tz: str | None) -> str:
    """`  (Mon 18:00 in Europe/Rome)` where the clocks there show another time than here; else nothing."""
    if tz is None:
        return ""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from spacesctl.cli.moments import WEEKDAYS

    try:
        there = at.astimezone(ZoneInfo(tz))
    except (ZoneInfoNotFoundError, ValueError):  # of a server with newer zones
        return f"  (in the zone {tz}, which is not known here)"
    if there.utcoffset() == at.astimezone().utcoffset():
        return ""
    return f"  ({WEEKDAYS[there.weekday()][:3]} {there:%H:%M} in {tz})"


def delay(space: Space) -> str:
    """`4 s`, or `2.1 of 4 s, safe in 43 s`."""
    if space.delay_now is None or space.delay_now == space.delay:
        return f"{space.delay:g} s"
    if not space.safe_in:
        return f"{space.delay_now:g} s, to be {space.delay:g} s"
    return f"{space.delay_now:g} of {space.delay:g} s, safe in {space.safe_in:.0f} s"


def _show_end(space: Space, ended_at: Time) -> None:
    say(f"  ended      {clock(ended_at)}")
    if space.started_at is not None:
        say(f"  length     {length((ended_at - space.started_at).total_seconds())}")
        say(f"  people     {space.peak} at once at most")


def length(seconds: float) -> str:
    """`1 h 5 min`, `12 min`, `40 s`."""
    minutes = int(seconds) // 60
    if minutes < 1:
        return f"{int(seconds)} s"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def show_recordings(rows: Iterable[Recording]) -> None:
    """What there is of a Space that is over."""
    for row in rows:
        until = f", until {clock(row.expires_at)}" if row.expires_at is not None else ""
        say(f"  recording  {row.id}{'' if row.state == 'done' else f' ({row.state})'}{until}")


def _shared(pin: Pin) -> str:
    return f"{pin.post.author.handle}: {pin.post.text}" if pin.post else f"{pin.title}  {pin.url}"
