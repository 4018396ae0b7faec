"""How a Space is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacesctl.cli.feed import show_blocked
from spacesctl.cli.output import clock, say

if TYPE_CHECKING:
    from spacesctl.api.spaces import Pin, Space


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
    say(f"  people     {space.participant_count}")
    status = space.captions_status
    captions = "on" if status.ready else f"{'on, but ' if space.captions else ''}{status.reason}"
    say(f"  captions   {captions}")
    show_blocked(space)
    for pin in space.pinned:
        say(f"  shared     {_shared(pin)}".replace("\n", " "))
    if space.rules:
        say(f"  rules      {space.rules[:12]}")


def _shared(pin: Pin) -> str:
    return f"{pin.post.author.handle}: {pin.post.text}" if pin.post else f"{pin.title}  {pin.url}"
