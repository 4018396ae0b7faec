"""`captions`: live captions of a Space."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from spacesctl.cli import which
from spacesctl.cli.common import Json, RoomRef, client
from spacesctl.cli.output import emit_json, emit_line, note, say
from spacesctl.domain.errors import NotAllowed, NotSignedIn

if TYPE_CHECKING:
    from spacesctl.api.captions import CaptionText
    from spacesctl.cli.answers import CaptionLine
    from spacesctl.cli.coming_back import View
    from spacesctl.client.http import Client

T = TypeVar("T")

Audience = Annotated[
    bool, typer.Option("--audience", help="For staff: what the audience reads, late and without what is redacted.")
]
BEHIND = "captions are behind: they come late, or not from everybody"


def captions(
    ctx: typer.Context,
    space: RoomRef = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Print new captions as people speak, until the Space ends.")
    ] = False,
    audience: Audience = False,
    as_json: Json = False,
) -> None:
    """Print the captions of a Space. With --follow and --json: one JSON line for each, also for partial ones.

    Host, co-hosts and admins read all words at once; --audience gives what the audience reads: as late as it hears, without what is
    redacted.
    """
    with client(ctx, anonymous=True) as spaces:
        found = which.whole(spaces, space, which.PAST, guest=True)
        where, status = found.id, found.captions_status
        said, view = as_staff(lambda view: list(spaces.spaces.captions(where, view=view)), audience=audience)
        past = [_line(one, final=True, seq=one.seq, erased=one.erased) for one in said]
        if not status.ready:
            note(f"no live captions: {status.reason}")
        elif status.notice:
            note(status.notice)
        if status.behind:
            note(BEHIND)
        if as_json and not follow:
            emit_json(past)
            return
        for one in past:
            _print(one, as_json=as_json)
        if follow:
            from spacesctl.cli.readers import while_read

            with while_read():
                for one in _live(spaces, where, view, past[-1].seq or 0 if past else 0, behind=status.behind):
                    _print(one, as_json=as_json)


def as_staff(read: Callable[[View], T], *, audience: bool) -> tuple[T, View]:
    """What is read as staff, or else as the `audience`, for whom that is refused; with the view that it was."""
    if not audience:
        with contextlib.suppress(NotAllowed, NotSignedIn):
            return read("staff"), "staff"
    return read("audience"), "audience"


def _live(spaces: Client, where: str, view: View, seq: int, *, behind: bool) -> Iterator[CaptionLine]:
    """Captions after event number `seq`, with reconnections, until the Space ends; notes when they are `behind`, and no longer."""
    from spacesctl.api.captions import CaptionsStatus
    from spacesctl.api.events import CaptionSpoken, PartialCaption, StreamReset
    from spacesctl.cli.coming_back import events, until_gone

    views: tuple[View, ...] = ("staff", "audience") if view == "staff" else ("audience",)
    for event in until_gone(events(spaces, where, views, last=seq)):
        match event.data:
            case CaptionSpoken() as said:
                yield _line(said, final=True, seq=event.seq)
            case PartialCaption() as said:
                yield _line(said, final=False, seq=None)
            case CaptionsStatus(ready=False, reason=reason):
                note(f"no live captions: {reason}")
            case CaptionsStatus(behind=now) if now is not behind:
                behind = now
                note(BEHIND if now else "captions are on time again")
            case StreamReset():
                note("some captions were missed")


def _line(said: CaptionText, *, final: bool, seq: int | None, erased: bool = False) -> CaptionLine:
    from spacesctl.cli.answers import CaptionLine

    return CaptionLine(
        account_id=said.account_id,
        speaker=said.speaker,
        lane=said.lane,
        utterance=said.utterance,
        text=said.text,
        start_tick=said.start_tick,
        end_tick=said.end_tick,
        words=said.words,
        ai=said.ai,
        typed=said.typed,
        final=final,
        erased=erased,
        seq=seq,
    )


def _print(caption: CaptionLine, *, as_json: bool) -> None:
    if as_json:
        emit_line(caption)
    elif caption.final:
        seconds = caption.start_tick // 50
        marks = (" (typed)" if caption.typed else "") + (" (erased)" if caption.erased else "")
        say(f"{seconds // 60:02d}:{seconds % 60:02d}  {caption.speaker}{marks}  {caption.text}")
