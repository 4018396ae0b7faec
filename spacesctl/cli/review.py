"""`reports assign|note|uphold|dismiss|play`: what staff do with reports, and what they hear for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.common import Json, client, handle, new_key, text_of
from spacesctl.cli.moderation import Ref
from spacesctl.cli.output import emit_json, note, say
from spacesctl.domain.errors import Invalid, Refused

if TYPE_CHECKING:
    from spacesctl.domain.words import ReportState

SoundFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write it to a file (Ogg Opus) instead of playing it.")
]
"""Of the commands that play evidence."""
Note = Annotated[str, typer.Option("--note", metavar="WORDS", help="Your reason, which the reporter is told.")]


def uphold(ctx: typer.Context, report_id: Ref, text: Note = "", as_json: Json = False) -> None:
    """Uphold a report: it was right. Who filed it is told."""
    decided(ctx, report_id, "upheld", text, as_json=as_json)


def dismiss(ctx: typer.Context, report_id: Ref, text: Note = "", as_json: Json = False) -> None:
    """Dismiss a report: it was not right. Who filed it is told."""
    decided(ctx, report_id, "dismissed", text, as_json=as_json)


def decided(ctx: typer.Context, report_id: str, state: ReportState, text: str, *, as_json: bool) -> None:
    """Decide on a report, and say who else looked after it."""
    from spacesctl.api.moderation import ReportDecision

    with client(ctx) as spaces:
        found = spaces.moderation.decide(report_id, ReportDecision(state=state, note=text))
        me = spaces.accounts.me().id if found.assignee is not None else ""
    if as_json:
        emit_json(found)
        return
    say(f"report {found.id} is {found.state}")
    if found.assignee is not None and found.assignee.id != me:
        note(f"it was assigned to {found.assignee.handle}, who is told")


def assign(
    ctx: typer.Context,
    report_id: Ref,
    person: Annotated[str | None, typer.Argument(metavar="PERSON", help="Who is to look after it.")] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="Nobody looks after it any longer.")] = False,
    as_json: Json = False,
) -> None:
    """Have somebody look after a report: of the staff of its Space, or an operator. They are told; others can still decide on it."""
    if nobody == (person is not None):
        raise Invalid("PERSON, --nobody", "give one of them")
    with client(ctx) as spaces:
        reports = spaces.moderation
        found = reports.unassign(report_id) if person is None else reports.assign(report_id, handle(person))
    if as_json:
        emit_json(found)
    else:
        whom = found.assignee.handle if found.assignee is not None else "nobody"
        say(f"report {found.id} is assigned to {whom}")


def add_note(
    ctx: typer.Context,
    report_id: Ref,
    text: Annotated[str, typer.Argument(metavar="WORDS", help="At most 2000 characters; `-` reads it from stdin.")],
    as_json: Json = False,
) -> None:
    """Write a note on a report, for those who review it: neither who filed it nor whom it is about reads it."""
    with client(ctx) as spaces:
        made = spaces.moderation.note(report_id, text_of(text), idempotency_key=new_key())
    if as_json:
        emit_json(made)
    else:
        say(f"noted on report {report_id}")


def play_report(ctx: typer.Context, report_id: Ref, out: SoundFile = None, as_json: Json = False) -> None:
    """Print the words of a report, then play its sound with ffplay, mpv or pw-play, without loud peaks."""
    from spacesctl.cli.players import play_evidence

    with client(ctx) as spaces:
        found = spaces.moderation.get_report(report_id)
        if found.clip is None:
            raise Refused("no_clip", "this report has no sound", hint=f"spacesctl reports show {found.id}")
        whose = found.target.handle if found.target else "the Space"
        fetch = partial(spaces.moderation.clip, report_id)
        play_evidence(found.clip, fetch, whose, found.text, out, as_json=as_json)
