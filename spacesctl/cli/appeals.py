"""`sanction show|play`, `appeal` and `appeals list|show|grant|deny`: what a sanction stands on, and how it is taken back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spacesctl.cli.asking import answer
from spacesctl.cli.audit import who
from spacesctl.cli.common import Json, client, text_of
from spacesctl.cli.output import clock, emit_json, note, say, table
from spacesctl.cli.review import SoundFile
from spacesctl.cli.sanctions import whom
from spacesctl.domain.errors import Invalid, Refused

if TYPE_CHECKING:
    from spacesctl.api.review import Appeal, WholeSanction
    from spacesctl.domain.words import AppealState

SanctionId = Annotated[
    str, typer.Argument(metavar="SANCTION", help="Its id, from `sanctions` or the message about it.")
]
AppealId = Annotated[str, typer.Argument(metavar="APPEAL", help="Its id, from `appeals list`.")]


def show_sanction(ctx: typer.Context, sanction: SanctionId, as_json: Json = False) -> None:
    """Show a sanction whole: what was done and until when, by which rule, on which words, and how to appeal it."""
    with client(ctx) as spaces:
        found = spaces.moderation.get_sanction(sanction)
    if as_json:
        emit_json(found)
        return
    facts = {
        "id": found.id,
        "done": found.action,
        "to": whom(found),
        "by": f"{who(found.by)}, automatically" if found.automatic else who(found.by),
        "since": clock(found.since),
        "until": clock(found.until) if found.until is not None else None,
        "ended": f"{found.how}, {clock(found.lifted_at)}" if found.how and found.lifted_at is not None else None,
        "reason": found.reason,
        "words": found.text,
        "sound": f"`spacesctl sanction play {found.id}` plays it" if found.sound else "there is none of it",
        "report": found.report_id,
        "appeal": _appeal(found),
    }
    for key, value in facts.items():
        say(f"{key:<10} {value or '-'}")
    if found.rule_text is not None:
        say("")
        say(found.rule_text)


def _appeal(found: WholeSanction) -> str:
    one = found.appeal
    if one is not None:
        return f"{one.state}{f': {one.reason}' if one.reason else ''}"
    return f"until {clock(found.appeal_until)}: `spacesctl appeal {found.id}`"


def play_sanction(ctx: typer.Context, sanction: SanctionId, out: SoundFile = None, as_json: Json = False) -> None:
    """Play what its target said, and nobody else, with ffplay, mpv or pw-play, without loud peaks."""
    from spacesctl.cli.players import play_evidence

    with client(ctx) as spaces:
        found = spaces.moderation.get_sanction(sanction)
        if not found.sound:
            raise Refused(
                "no_clip",
                "there is no sound: only reports keep some, of the last minute",
                hint=f"spacesctl sanction show {found.id}",
            )
        fetch = partial(spaces.moderation.sanction_clip, sanction)
        play_evidence(found.id, fetch, whom(found), found.text, out, as_json=as_json)


def appeal(
    ctx: typer.Context,
    sanction: SanctionId,
    text: Annotated[
        str, typer.Option("--text", metavar="WORDS", help="Why it should be taken back; `-` reads it from stdin.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Appeal a sanction on you, once and within 14 days. Somebody else than who imposed it decides, if there is anybody; you are told."""
    with client(ctx) as spaces:
        words = text_of(text).strip() or answer(
            "why should it be taken back?", "--text", "say why it should be taken back"
        )
        made = spaces.moderation.appeal(sanction, words)
    if as_json:
        emit_json(made)
    else:
        say(f"appeal {made.id} is filed; you are told what becomes of it")


def list_appeals(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
    as_json: Json = False,
) -> None:
    """List open appeals that you may decide on, newest first."""
    state: AppealState | None = None if everything else "open"
    with client(ctx) as spaces:
        rows = list(spaces.moderation.appeals(state))
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "TIME", "STATE", "TITLE", "BY", "OF", "IMPOSED BY", "TEXT"),
        [
            (
                one.id, one.created_at, one.state, one.title, whom(one.sanction), one.sanction.action, who(one.sanction.by),
                one.text,
            )
            for one in rows
        ],
        empty="no appeals",
        spare=("TITLE", "IMPOSED BY"),
    )  # fmt: skip


def show_appeal(ctx: typer.Context, appeal_id: AppealId, as_json: Json = False) -> None:
    """Show an appeal, with the sanction that it is about."""
    with client(ctx) as spaces:
        found = spaces.moderation.get_appeal(appeal_id)
    if as_json:
        emit_json(found)
        return
    one = found.sanction
    facts = {
        "id": found.id,
        "time": clock(found.created_at),
        "title": found.title,
        "by": whom(one),
        "text": found.text,
        "sanction": f"{one.id}: {one.action} by {who(one.by)}, {clock(one.since)}",
        "because": one.reason,
        "state": found.state,
        "decided by": who(found.decided_by) if found.decided_by is not None else None,
        "reason": found.reason,
    }
    for key, value in facts.items():
        say(f"{key:<10} {value or '-'}")
    note(f"`spacesctl sanction show {one.id}` shows what it stands on")


def grant(
    ctx: typer.Context,
    appeal_id: AppealId,
    reason: Annotated[str, typer.Option("--reason", help="Why, which they are told.")] = "",
    as_json: Json = False,
) -> None:
    """Grant an appeal: the sanction ends, its points come back and its report is dismissed. They are told, and who reported them."""
    _decide(ctx, appeal_id, "granted", reason, as_json=as_json)


def deny(
    ctx: typer.Context,
    appeal_id: AppealId,
    reason: Annotated[str, typer.Option("--reason", help="Why, which they are told. It is needed.")] = "",
    as_json: Json = False,
) -> None:
    """Deny an appeal: the sanction stays as it is. They are told why, and who reported them is told, too."""
    if not reason.strip():
        raise Invalid("--reason", "say why it is denied: they are told")
    _decide(ctx, appeal_id, "denied", reason, as_json=as_json)


def _decide(
    ctx: typer.Context, appeal_id: str, state: Literal["granted", "denied"], reason: str, *, as_json: bool
) -> None:
    from spacesctl.api.review import AppealDecision

    with client(ctx) as spaces:
        found: Appeal = spaces.moderation.decide_appeal(appeal_id, AppealDecision(state=state, reason=reason))
    if as_json:
        emit_json(found)
    else:
        say(f"appeal {found.id} is {found.state}")
