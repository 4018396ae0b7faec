"""`watch`: a live view for moderators: people, levels, captions and events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import typer

from spacesctl.cli.common import Json, SpaceRef, client, space_id
from spacesctl.cli.output import console, emit_line, note, say
from spacesctl.domain.errors import Gone, NotAllowed, NotSignedIn, Unavailable

if TYPE_CHECKING:
    from spacesctl.api.events import Event
    from spacesctl.cli.watched import Watched
    from spacesctl.client.http import Client

RETRY_FOR = 30.0
"""Seconds that a broken stream is tried again before the command gives up."""


def watch(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Watch a Space until it ends. Host and co-hosts see all events, others what the audience sees. With --json: NDJSON."""
    from spacesctl.cli.watched import Watched

    where = space_id(space)
    with client(ctx, anonymous=True) as spaces:
        watched = Watched(spaces.spaces.get(where), spaces.people.list(where))
        events = _events(spaces, where)
        if as_json:
            for event in events:
                _emit(event)
            return
        out = console()
        if out.is_terminal:  # not with --plain
            from rich.live import Live

            from spacesctl.cli.watchview import render

            with Live(render(watched, out.height), console=out, screen=True, refresh_per_second=8) as live:
                for _ in _followed(spaces, where, watched, events):
                    live.update(render(watched, out.height))
        else:
            _plain(spaces, where, watched, events)


def _emit(event: Event) -> None:
    """Print an event as the stream has it: one that is not stored has no number and no time."""
    from spacesctl.cli.answers import PassingEvent

    emit_line(event if event.seq is not None else PassingEvent(type=event.type, data=event.data))


def _plain(spaces: Client, where: str, watched: Watched, events: Iterator[Event]) -> None:
    from spacesctl.cli.watched import clock

    for event, told in _followed(spaces, where, watched, events):
        if event.type == "caption":
            line = watched.view.lines[-1]
            say(f"{clock(line.start_tick)}  {line.speaker}  {line.text}")
        elif told:
            say("  * ".join(watched.happened[-1]))


def _followed(
    spaces: Client, where: str, watched: Watched, events: Iterator[Event]
) -> Iterator[tuple[Event, str | None]]:
    """Each event with what it says, after `watched` was updated with it."""
    for event in events:
        if watched.take(event):
            _reread(spaces, where, watched)
        yield event, watched.tell(event)


def _reread(spaces: Client, where: str, watched: Watched) -> None:
    try:
        watched.reread(spaces.spaces.get(where), spaces.people.list(where))
    except Gone:
        return  # the Space has ended; the last view stays on the screen


def _events(spaces: Client, where: str) -> Iterator[Event]:
    """The events of the staff view, or of the audience view if that is refused, with reconnections, until the Space ends."""
    from spacesctl.api.events import StreamReset

    view: Literal["staff", "audience"] = "staff"
    last: int | None = None
    failing_since: float | None = None
    while True:
        try:
            for event in spaces.spaces.events(where, view, last_event_id=str(last) if last is not None else None):
                failing_since = None
                if event.seq is not None:
                    last = event.seq
                if isinstance(event.data, StreamReset):
                    last = event.data.seq
                yield event
                if event.type in ("space.ended", "space.canceled"):
                    return
        except (NotAllowed, NotSignedIn) as error:
            if view == "audience" or error.reason == "barred":
                raise
            view = "audience"
            continue
        except Gone:
            note("the Space has ended")
            return
        except Unavailable:
            failing_since = failing_since or time.monotonic()
            if time.monotonic() - failing_since > RETRY_FOR:
                raise
        time.sleep(0.5)
