"""How a Space is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacesctl.cli.feed import show_blocked
from spacesctl.cli.output import clock, say
from spacesctl.domain.words import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacesctl.api.recordings import Recording
    from spacesctl.api.spaces import Pin, Space
    from spacesctl.api.wire import Time


def show_space(space: Space) -> None:
    """Print what a person wants to know of a Space."""
    say(f"{space.title}  [{space.state}]  {space.id}")
    say(f"  link       {space.link}")
    say(f"  host       {space.host.handle}")
    say(f"  speakers   {space.speakers}")
    say(f"  listeners  {space.listeners}")
    if space.topic_ids:
        say(f"  topics     {', '.join(space.topic_ids)}")
    if space.invited_user_ids:
        say(f"  invited    {len(space.invited_user_ids)}")
    if space.recording:
        say("  REC        this Space is being recorded")
    if when := space.started_at or space.scheduled_start:
        say(f"  {'since     ' if space.started_at else 'starts    '} {clock(when)}")
    if space.state == State.ENDED and space.ended_at is not None:
        _show_end(space, space.ended_at)
    else:
        say(f"  people     {space.participant_count}")
    status = space.captions_status
    captions = "on" if status.ready else f"{'on, but ' if space.captions else ''}{status.reason}"
    say(f"  captions   {captions}")
    show_blocked(space)
    for pin in space.pinned:
        say(f"  shared     {_shared(pin)}".replace("\n", " "))
    if space.rules:
        say(f"  rules      {space.rules[:12]}")


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
