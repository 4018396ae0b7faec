"""`captions`: live captions of a Space."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from spacesctl.cli.common import Json, SpaceRef, client, space_id
from spacesctl.cli.output import clean, emit_json, emit_line, note, say
from spacesctl.client.http import Client
from spacesctl.domain.errors import Gone, Unavailable

RETRY_FOR = 30.0
"""Seconds that a broken stream is tried again before the command gives up."""


def captions(
    ctx: typer.Context,
    space: SpaceRef,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Print new captions as people speak, until the Space ends.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the captions of a Space. With --follow and --json: one JSON line for each, also for partial ones."""
    where = space_id(space)
    with client(ctx, anonymous=True) as spaces:
        found = spaces.get(f"/v1/spaces/{where}")
        past = spaces.get(f"/v1/spaces/{where}/captions")["data"]
        status = found["captions_status"]
        if not status["ready"]:
            note(f"no live captions: {status['reason']}")
        elif status.get("notice"):
            note(status["notice"])
        if as_json and not follow:
            emit_json([_line(one) for one in past])
            return
        for one in past:
            _print(one, as_json=as_json)
        if follow:
            for one in _live(spaces, where, past[-1]["seq"] if past else 0):
                _print(one, as_json=as_json)


def _live(spaces: Client, where: str, seq: int) -> Iterator[dict[str, Any]]:
    """Captions after event number `seq`, with reconnections, until the Space ends."""
    last = str(seq)
    failing_since: float | None = None
    while True:
        try:
            for event in spaces.events(f"/v1/spaces/{where}/events", last_event_id=last):
                failing_since = None
                last = event.get("id", last)
                match event["type"]:
                    case "caption":
                        yield {"final": True, "seq": event["seq"], **event["data"]}
                    case "caption.partial":
                        yield event["data"]
                    case "captions.status" if not event["data"]["ready"]:
                        note(f"no live captions: {event['data']['reason']}")
                    case "space.ended":
                        return
                    case "reset":
                        last = str(event["data"]["seq"])
                        note("some captions were missed")
        except Gone:
            return
        except Unavailable:
            failing_since = failing_since or time.monotonic()
            if time.monotonic() - failing_since > RETRY_FOR:
                raise
        time.sleep(0.5)


def _line(caption: dict[str, Any]) -> dict[str, Any]:
    keys = ("speaker", "text", "words", "final", "start_tick", "end_tick", "lane", "utterance", "account_id", "seq")
    return {key: caption.get(key) for key in keys}


def _print(caption: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit_line(_line(caption))
    elif caption["final"]:
        seconds = caption["start_tick"] // 50
        say(f"{seconds // 60:02d}:{seconds % 60:02d}  {caption['speaker']}  {clean(caption['text'])}")
