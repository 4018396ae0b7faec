"""`report`, and `reports list|show|decide`: reports of people and of Spaces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.audit import who
from spacesctl.cli.common import AlsoSpace, Json, ThisSpace, client, either, handle, new_key
from spacesctl.cli.output import clock, emit_json, say, table
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.domain.words import CATEGORIES

if TYPE_CHECKING:
    from spacesctl.api.moderation import FiledReport, OwnReport, Report
    from spacesctl.domain.words import ReportState

Ref = Annotated[str, typer.Argument(metavar="REPORT", help="Its id, from `reports list`.")]


def report(
    ctx: typer.Context,
    space: ThisSpace,
    target: Annotated[
        str | None, typer.Argument(metavar="PERSON", help="The person. Default: the Space itself is reported.")
    ] = None,
    category: Annotated[str, typer.Option(help=f"One of {', '.join(CATEGORIES)}.")] = "other",
    text: Annotated[str, typer.Option("--note", "--reason", metavar="WORDS", help="What happened.")] = "",
    as_json: Json = False,
) -> None:
    """Report a person or the whole Space. What the person said within the last minute is kept as evidence."""
    from spacesctl.api.moderation import NewReport

    account = handle(target) if target is not None else None
    kind = CATEGORIES.get(category.replace("-", "_"))
    if kind is None:
        raise Invalid("--category", f"must be one of {', '.join(CATEGORIES)}")
    with client(ctx) as spaces:
        where = which.one(spaces, space, which.PAST, sure=True)
        new = NewReport(space_id=where, account=account, category=kind, note=text)
        made = spaces.moderation.report(new, idempotency_key=new_key())
    if as_json:
        emit_json(made)
    else:
        say(f"report {made.id} is filed{_evidence(made)}")


def _evidence(made: FiledReport) -> str:
    """What it has of the person, and what it has not."""
    words = f"{made.words} word{'s' if made.words != 1 else ''}"
    if made.target is None:
        return ""
    if made.sound:
        return f" with sound and {words}" if made.words else " with sound"
    if made.words:
        return f" with the last {words} of {made.target.handle}; sound is kept for a minute only"
    return f" without evidence: of {made.target.handle} there is no sound of the last minute, and there are no words of the last day"


def list_reports(
    ctx: typer.Context,
    space: Annotated[str | None, typer.Argument(metavar="SPACE", help="Only those on this Space.")] = None,
    named: AlsoSpace = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
    mine: Annotated[bool, typer.Option("--mine", help="Only those that are assigned to you.")] = False,
    as_json: Json = False,
) -> None:
    """List open reports from the Spaces that you moderate, those first that weigh most.

    What a report weighs says how many earlier reports of who filed it were right: 1 is new or as good as not, 2 always right, 0 never.
    """
    space = either(space, named)
    with client(ctx) as spaces:
        where = which.one(spaces, space, which.PAST) if space is not None else None
        state: ReportState | None = None if everything else "open"
        found = spaces.moderation.reports(state, space_id=where, assignee="me" if mine else None)
        rows = sorted(found, key=lambda one: -one.weight)  # of those that weigh the same the newest stay first
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "TIME", "STATE", "TITLE", "TARGET", "CATEGORY", "WEIGHT", "FOR", "RULE", "WORDS"),
        [
            (
                one.id, one.created_at, one.state, one.title, _target(one), one.category, f"{one.weight:.1f}",
                one.assignee.handle if one.assignee else None, _rule(one), one.text,
            )
            for one in rows
        ],
        empty="no reports",
        spare=("RULE", "TITLE", "FOR"),
    )  # fmt: skip


def own_reports(ctx: typer.Context, as_json: Json = False) -> None:
    """List the reports that you have filed, newest first, and what was decided on them."""
    with client(ctx) as spaces:
        rows = list(spaces.moderation.own_reports())
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "TIME", "STATE", "TITLE", "TARGET", "CATEGORY", "NOTE", "REASON"),
        [
            (one.id, one.created_at, one.state, one.title, _target(one), one.category, one.note, one.decision)
            for one in rows
        ],
        empty="you have filed no reports",
        spare=("NOTE", "TITLE"),
    )


def _target(one: Report | OwnReport) -> str | None:
    return one.target.handle if one.target else None


def _rule(one: Report) -> str | None:
    return one.by.id if one.by.kind == "rule" else None


def show_report(
    ctx: typer.Context,
    report_id: Ref,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write its clip, what was said, to this Ogg file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a report with its evidence; --out saves the sound of it."""
    with client(ctx) as spaces:
        found = spaces.moderation.get_report(report_id)
        if out is not None:
            if found.clip is None:
                raise Refused("no_clip", "this report has no clip: nothing was said")
            out.write_bytes(spaces.moderation.clip(report_id))
    if as_json:
        emit_json(found)
        return
    facts = {
        "id": found.id,
        "time": clock(found.created_at),
        "title": found.title,
        "space_id": found.space_id,
        "target": _target(found),
        "by": who(found.by),
        "category": found.category,
        "text": found.text,
        "note": found.note,
        "clip": _clip(found, out),
        "weight": _weight(found),
        "assignee": found.assignee.handle if found.assignee else None,
        "state": found.state,
        "decision": found.decision,
    }
    for key, value in facts.items():
        say(f"{key:<10} {str(value) if value else '-'}")
    for one in found.notes:
        say(f"{'note by':<10} {one.by.handle}, {clock(one.created_at)}: {one.text}")
    if found.purged_at is not None:
        say(f"evidence was purged on {clock(found.purged_at)}")


def _weight(found: Report) -> str:
    """What it weighs, and why."""
    record = found.record
    if record is None:
        return f"{found.weight:.1f} (a rule's)"
    if not record.upheld + record.dismissed:
        return f"{found.weight:.1f} (none of their earlier reports is decided)"
    return f"{found.weight:.1f} (of their earlier reports {record.upheld} upheld, {record.dismissed} dismissed)"


def _clip(found: Report, out: Path | None) -> str | None:
    """How its sound is heard, if there is any."""
    if found.clip is None:
        return None
    return f"saved as {out}" if out is not None else f"`spacesctl reports play {found.id}` plays it"


def decide_report(
    ctx: typer.Context,
    report_id: Ref,
    upheld: Annotated[
        bool | None, typer.Option("--upheld/--dismissed", help="Whether the report was right.", show_default=False)
    ] = None,
    again: Annotated[bool, typer.Option("--open", help="Open it again.")] = False,
    text: Annotated[str, typer.Option("--note", help="Your reason, which the reporter is told.")] = "",
    as_json: Json = False,
) -> None:
    """Uphold or dismiss a report, or open it again. Who filed it is told."""
    from spacesctl.cli.review import decided

    if again == (upheld is not None):
        raise Invalid("--upheld, --dismissed, --open", "give one of them")
    decided(ctx, report_id, "open" if again else "upheld" if upheld else "dismissed", text, as_json=as_json)
