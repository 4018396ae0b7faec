"""`transcript`: what was said in a Space, whole, after it or so far."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.captions import Audience, as_staff
from spacesctl.cli.common import Json, SpaceRef, client
from spacesctl.cli.output import emit_json, note, say
from spacesctl.support.terminal import write_line

if TYPE_CHECKING:
    from spacesctl.api.captions import Caption
    from spacesctl.api.spaces import Space
    from spacesctl.cli.coming_back import View
    from spacesctl.client.http import Client


class Format(StrEnum):
    TXT = "txt"
    MD = "md"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


def transcript(
    ctx: typer.Context,
    space: SpaceRef = None,
    form: Annotated[
        Format, typer.Option("--format", "-f", help="Text, Markdown, subtitles for a recording, or JSON.")
    ] = Format.TXT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to this file. Default: print it.")
    ] = None,
    audience: Audience = False,
    as_json: Json = False,
) -> None:
    """Print what was said in a Space, with names and clock times.

    Host, co-hosts and admins read all words; --audience gives what the audience reads: as late as it hears, without what is redacted.
    """
    with client(ctx, anonymous=True) as spaces:
        found = which.whole(spaces, space, which.PAST)
        said, _ = as_staff(lambda view: list(_all(spaces, found.id, view)), audience=audience)
        names = _names(spaces, said)
    if not said:
        note("nothing was said, or there were no captions")
    if as_json or form is Format.JSON:
        _json(found, said, names, output)
        return
    lines = list(_lines(form, found, said, names))
    if output is None:
        for line in lines:
            say(line) if form is Format.TXT else write_line(line)  # the others are files
        return
    output.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    say(f"{output}: {len(said)} utterances")


def _all(spaces: Client, where: str, view: View) -> Iterable[Caption]:
    """All captions, the first first: the server answers with a part of them at a time."""
    seq = 0
    while page := list(spaces.spaces.captions(where, seq, view)):
        yield from page
        if page[-1].seq <= seq:  # a server that says the same again would never come to an end
            return
        seq = page[-1].seq


def _names(spaces: Client, said: Iterable[Caption]) -> dict[str, str]:
    """What each speaker is called now, by handle; nothing for accounts that are gone."""
    from spacesctl.domain.errors import SpacesError

    found = dict[str, str]()
    for handle in dict.fromkeys(caption.speaker for caption in said):
        try:
            found[handle] = spaces.accounts.get(handle).name
        except SpacesError:
            continue
    return found


def _lines(form: Format, space: Space, said: Iterable[Caption], names: dict[str, str]) -> Iterable[str]:
    from spacesctl.cli.transcript_formats import FORMATS, Line, Transcript

    lines = [
        Line(
            f"{_called(one.speaker, names)}{' (erased)' if one.erased else ''}", one.text, one.start_tick, one.end_tick
        )
        for one in sorted(said, key=lambda one: (one.start_tick, one.seq))
    ]
    began = space.started_at or space.created_at
    return FORMATS[form.value](Transcript(space.title, space.host.handle, began, lines))


def _called(handle: str, names: dict[str, str]) -> str:
    name = names.get(handle, "")
    return f"{name} ({handle})" if name and name != handle.removeprefix("@") else handle


def _json(space: Space, said: Iterable[Caption], names: dict[str, str], output: Path | None) -> None:
    from datetime import timedelta

    from spacesctl.api.wire import Time, dump
    from spacesctl.cli.answers import SpokenLine, SpokenTranscript
    from spacesctl.domain.clock import TICK_SECONDS

    began = space.started_at or space.created_at
    lines = [
        SpokenLine(
            at=Time.of(began + timedelta(seconds=one.start_tick * TICK_SECONDS)),
            speaker=one.speaker,
            name=names.get(one.speaker),
            account_id=one.account_id,
            start_tick=one.start_tick,
            end_tick=one.end_tick,
            text=one.text,
        )
        for one in sorted(said, key=lambda one: (one.start_tick, one.seq))
    ]
    whole = SpokenTranscript(
        space_id=space.id, title=space.title, host=space.host.handle, started_at=space.started_at, lines=lines
    )
    if output is None:
        emit_json(whole)
    else:
        output.write_bytes(dump(whole) + b"\n")
        say(f"{output}: {len(lines)} utterances")
