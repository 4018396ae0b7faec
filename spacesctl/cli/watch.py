"""`watch`: a live view for moderators: people, levels, captions and events."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.captions import as_staff
from spacesctl.cli.coming_back import LOST
from spacesctl.cli.common import Json, RoomRef, client
from spacesctl.cli.output import console, emit_line, note, say
from spacesctl.cli.waiting import until_live
from spacesctl.domain.errors import Gone, SpacesError

if TYPE_CHECKING:
    from spacesctl.api.captions import Caption
    from spacesctl.api.events import Event
    from spacesctl.cli.watched import Watched
    from spacesctl.client.http import Client

READ_EVERY = 2.0
"""Seconds at least between two readings of the people because others have come or gone."""
MOST_PAST = 20
"""Captions from before one came."""
PAUSE = 0.5
"""Seconds without an event after which the screen is drawn anew."""


def watch(
    ctx: typer.Context,
    space: RoomRef = None,
    levels: Annotated[
        bool, typer.Option("--levels", help="With --json, also how loud each speaker is: four lines a second.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a planned Space to begin, and watch it then.")] = False,
    as_json: Json = False,
) -> None:
    """Watch a Space until it ends. Host and co-hosts see all events, others what the audience sees. With --json: NDJSON."""
    from spacesctl.cli.coming_back import events as followed
    from spacesctl.cli.coming_back import until_gone
    from spacesctl.cli.readers import while_read
    from spacesctl.cli.watched import StateLine, Watched

    with client(ctx, anonymous=True) as spaces, while_read():
        found = which.whole(spaces, space, guest=True)
        if wait:
            found = until_live(spaces, found)
        where = found.id
        members = spaces.people.list(where)
        watched = Watched(found, members)
        out = console()
        redrawn = out.is_terminal and not as_json  # not with --plain
        tell = partial(_lost, watched) if redrawn else note
        if found.notice and not as_json:
            tell(found.notice)
        if not as_json:
            watched.past(_past(spaces, where))
        events = until_gone(followed(spaces, where, ("staff", "audience"), tell=tell))
        if as_json:
            emit_line(StateLine(space=found, people=members.data))
            for event in events:
                if levels or event.type != "levels":
                    _emit(event)
            return
        if redrawn:
            from rich.live import Live

            from spacesctl.cli.pauses import with_pauses
            from spacesctl.cli.watchview import render

            with Live(render(watched, out.height, out.width), console=out, screen=True, refresh_per_second=8) as live:
                for _ in _followed(spaces, where, watched, with_pauses(events, PAUSE)):
                    live.update(render(watched, out.height, out.width))
        else:
            _plain(spaces, where, watched, events)


def _past(spaces: Client, where: str) -> list[Caption]:
    """What was said last before one came; nothing, where it cannot be read: what comes is more important."""
    with contextlib.suppress(SpacesError):
        said, _ = as_staff(lambda view: list(spaces.spaces.captions(where, view=view)), audience=False)
        return [one for one in said if not one.erased][-MOST_PAST:]
    return []


def _lost(watched: Watched, text: str) -> None:
    """What is said of the connection stands among the events; and the first line says for how long it is lost."""
    watched.cut_off = text.startswith(LOST)
    watched.remark(text)


def _emit(event: Event) -> None:
    """Print an event as the stream has it: one that is not stored has no number and no time."""
    from spacesctl.cli.answers import PassingEvent

    emit_line(event if event.seq is not None else PassingEvent(type=event.type, data=event.data))


def _plain(spaces: Client, where: str, watched: Watched, events: Iterator[Event]) -> None:
    from spacesctl.domain.clock import shown

    for line in watched.view.lines:
        say(f"{shown(line.start_tick)}  {line.speaker}{' (typed)' if line.typed else ''}  {line.text}")
    for event, told in _followed(spaces, where, watched, events):
        if event is not None and event.type == "caption":
            line = watched.view.lines[-1]
            say(f"{shown(line.start_tick)}  {line.speaker}{' (typed)' if line.typed else ''}  {line.text}")
        elif told:
            say("  * ".join(watched.happened[-1]))


def _followed(
    spaces: Client, where: str, watched: Watched, events: Iterable[Event | None]
) -> Iterator[tuple[Event | None, str | None]]:
    """Each event with what it says, after `watched` was updated with it. None is a pause in which nothing happened."""
    from spacesctl.cli.coming_back import PASSING

    read_at = float("-inf")
    for event in events:
        if event is not None and watched.take(event):
            _reread(spaces, where, watched)
            read_at = time.monotonic()
        elif watched.others and time.monotonic() - read_at >= READ_EVERY:
            read_at = time.monotonic()
            with contextlib.suppress(*PASSING):  # it is tried again
                _reread(spaces, where, watched)
        yield event, watched.tell(event) if event is not None else None


def _reread(spaces: Client, where: str, watched: Watched) -> None:
    try:
        watched.reread(spaces.spaces.get(where), spaces.people.list(where))
    except Gone:
        return  # the Space has ended; the last view stays on the screen
