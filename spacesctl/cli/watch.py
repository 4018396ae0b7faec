"""`watch`: a live view for moderators: people, levels, captions and events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import typer
from rich.live import Live

from spacesctl.cli.common import Json, SpaceRef, client, space_id
from spacesctl.cli.output import console, emit_line, note, say
from spacesctl.cli.watchview import Watched, clock, render
from spacesctl.client.http import Client
from spacesctl.domain.errors import Gone, NotAllowed, NotSignedIn, Unavailable

RETRY_FOR = 30.0
"""Seconds that a broken stream is tried again before the command gives up."""


def watch(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Watch a Space until it ends. Host and co-hosts see all events, others what the audience sees. With --json: NDJSON."""
    where = f"/v1/spaces/{space_id(space)}"
    with client(ctx, anonymous=True) as spaces:
        watched = Watched(spaces.get(where))
        watched.set_people(spaces.get(f"{where}/people"))
        events = _events(spaces, where)
        out = console()
        if as_json:
            for event in events:
                emit_line(event)
        elif out.is_terminal:  # not with --plain
            with Live(render(watched, out.height), console=out, screen=True, refresh_per_second=8) as live:
                for _ in _followed(spaces, where, watched, events):
                    live.update(render(watched, out.height))
        else:
            _plain(spaces, where, watched, events)


def _plain(spaces: Client, where: str, watched: Watched, events: Iterator[dict[str, Any]]) -> None:
    for event in _followed(spaces, where, watched, events):
        if event["type"] == "caption":
            say(f"{clock(event['data']['start_tick'])}  {watched.captions[-1][1]}  {watched.captions[-1][2]}")
        elif watched.happened and event["type"] not in ("levels", "caption.partial", "presence"):
            at, what = watched.happened.pop()
            say(f"{at}  * {what}")


def _followed(
    spaces: Client, where: str, watched: Watched, events: Iterator[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Each event, after `watched` was updated with it; lists that it changes are read again first."""
    for event in events:
        known = watched.knows(event)
        if not known or event["type"] in ("hello", "reset"):  # events between the last look and this were not seen
            _read_lists(spaces, where, watched)
        if watched.take(event) and known:
            _read_lists(spaces, where, watched)
        yield event


def _read_lists(spaces: Client, where: str, watched: Watched) -> None:
    try:
        watched.space = spaces.get(where)
        watched.set_people(spaces.get(f"{where}/people"))
    except Gone:
        return  # the Space has ended; the last lists stay on the screen


def _events(spaces: Client, where: str) -> Iterator[dict[str, Any]]:
    """The events of the staff view, or of the audience view if that is refused, with reconnections, until the Space ends."""
    view, last = "staff", None
    failing_since: float | None = None
    while True:
        try:
            for event in spaces.events(f"{where}/events", last_event_id=last, view=view):
                failing_since = None
                last = event.get("id", last)
                if event["type"] == "reset":
                    last = str(event["data"]["seq"])
                yield event
                if event["type"] in ("space.ended", "space.canceled"):
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
