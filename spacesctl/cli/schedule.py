"""`schedule list|show|pause|resume|skip|edit|delete`: series, which `create --cron` makes; and `remind`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import rulenotes, which, which_series
from spacesctl.cli.asking import confirm
from spacesctl.cli.common import Json, SpaceRef, WithNumbers, Yes, client, delay_of, duration_seconds, handle
from spacesctl.cli.output import clock, emit_json, say, table
from spacesctl.cli.rulenotes import too_late
from spacesctl.cli.rules import read_rules
from spacesctl.cli.spaceview import in_zone, show_rules
from spacesctl.domain.errors import Invalid
from spacesctl.domain.words import Policy

if TYPE_CHECKING:
    from spacesctl.api.series import Series

Ref = Annotated[
    str, typer.Argument(metavar="SERIES", help="Its id, 3 characters of its id, or its title or how that begins.")
]
ThisSeries = Annotated[
    str, typer.Argument(metavar="SERIES", help="Its id, 3 characters of its id, or its whole title.")
]
"""For what cannot be undone."""


def list_series(ctx: typer.Context, as_json: Json = False) -> None:
    """List your series."""
    with client(ctx) as spaces:
        rows = list(spaces.series.list())
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "STATE", "TITLE", "CRON", "ZONE", "NEXT", "SPACE"),
        [(one.id, one.state, one.title, one.cron, one.tz, one.next_start, one.next_space_id) for one in rows],
        empty="no series",
        spare=("SPACE", "ZONE"),
    )


def show(ctx: typer.Context, series: Ref, as_json: Json = False) -> None:
    """Show a series with its next starts."""
    with client(ctx) as spaces:
        tell(spaces.series.get(which_series.one(spaces, series)), as_json=as_json)


def pause(ctx: typer.Context, series: Ref, as_json: Json = False) -> None:
    """Pause a series: its next Space is canceled, and no others are made until it is resumed."""
    with client(ctx) as spaces:
        tell(spaces.series.pause(which_series.one(spaces, series)), as_json=as_json)


def resume(ctx: typer.Context, series: Ref, as_json: Json = False) -> None:
    """Resume a paused series."""
    with client(ctx) as spaces:
        tell(spaces.series.resume(which_series.one(spaces, series)), as_json=as_json)


def skip(ctx: typer.Context, series: Ref, as_json: Json = False) -> None:
    """Cancel the next Space of a series; the one after it stays."""
    with client(ctx) as spaces:
        tell(spaces.series.skip(which_series.one(spaces, series)), as_json=as_json)


def edit(
    ctx: typer.Context,
    series: Ref,
    title: Annotated[str | None, typer.Option(help="At most 70 characters.")] = None,
    cron: Annotated[
        str | None, typer.Option(metavar="CRON", help="Start times, as in cron: minute, hour, day, month, day of week.")
    ] = None,
    tz: Annotated[str | None, typer.Option(metavar="ZONE", help="Time zone, such as Europe/Rome.")] = None,
    duration: Annotated[
        str | None, typer.Option(metavar="DURATION", help="How long each Space lasts, such as 1h30m.")
    ] = None,
    speakers: Annotated[Policy | None, typer.Option(help="Who may speak without being approved.")] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="Topics, at most three; they replace the previous ones.")
    ] = None,
    invite: Annotated[
        list[str] | None, typer.Option(metavar="PERSON", help="Invite this speaker to each Space from now on.")
    ] = None,
    cohost: Annotated[
        list[str] | None,
        typer.Option(metavar="PERSON", help="Invite this co-host to each Space from now on. There are at most two."),
    ] = None,
    uninvite: Annotated[
        list[str] | None, typer.Option(metavar="PERSON", help="No longer invite this speaker or co-host.")
    ] = None,
    rules: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with new rules for the bot.")] = None,
    no_rules: Annotated[bool, typer.Option("--no-rules", help="Remove the rules.")] = False,
    with_numbers: WithNumbers = False,
    delay: Annotated[
        str | None, typer.Option(metavar="SECONDS", help="How far behind the stage the audience hears, 0s to 10s.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change a series and its next Space; what you do not give stays as it is. New --rules without --with-numbers: evidence keeps no
    numbers, also when it did before."""
    if rules is not None and no_rules:
        raise Invalid("--rules, --no-rules", "give only one of them")
    if with_numbers and rules is None:
        raise Invalid("--with-numbers", "needs --rules")
    from spacesctl.api.series import SeriesChange
    from spacesctl.api.wire import UNSET

    change = SeriesChange(
        title=title,
        cron=cron,
        tz=tz,
        duration=duration_seconds(duration) if duration is not None else None,
        speakers=speakers,
        topics=topic or None,
        rules=read_rules(rules) if rules is not None else None if no_rules else UNSET,
        rules_filename=rules.name if rules is not None else "rules.toml",
        with_numbers=with_numbers,
        delay=delay_of(delay),
        invite=[handle(one) for one in invite or []],
        cohosts=[handle(one) for one in cohost or []],
        uninvite=[handle(one) for one in uninvite or []],
    )
    if change == SeriesChange():
        raise Invalid("edit", "say what to change", hint="--help lists the options")
    with client(ctx) as spaces:
        where = which_series.one(spaces, series)
        kept = spaces.series.get(where).with_numbers if change.rules is not UNSET else False
        after = spaces.series.edit(where, change)
    tell(after, as_json=as_json)
    if isinstance(change.rules, str):
        rulenotes.note_numbers(change.rules, kept=after.with_numbers, before=kept)
    if change.rules is not UNSET or change.delay is not None:
        rulenotes.note_delay(after)


def delete(ctx: typer.Context, series: ThisSeries, yes: Yes = False, as_json: Json = False) -> None:
    """Delete a series. Its next Space is canceled; one that is live goes on."""
    confirm(ctx, "Delete this series?", yes=yes, always=True)
    with client(ctx) as spaces:
        series = which_series.one(spaces, series, sure=True)
        spaces.series.delete(series)
    if as_json:
        from spacesctl.cli.answers import Deleted

        emit_json(Deleted(id=series))
    else:
        say(f"{series} is deleted")


def remind(
    ctx: typer.Context,
    space: SpaceRef = None,
    off: Annotated[bool, typer.Option("--off", help="Remove the reminder.")] = False,
    as_json: Json = False,
) -> None:
    """Get a direct message half an hour before a scheduled Space, and when it starts."""
    with client(ctx) as spaces:
        where = which.one(spaces, space)
        if off:
            spaces.spaces.forget_reminder(where)
        else:
            spaces.spaces.remind(where)
        count = spaces.spaces.get(where).subscriber_count
    if as_json:
        from spacesctl.cli.answers import Reminding

        emit_json(Reminding(space_id=where, reminder=not off, subscriber_count=count))
    else:
        say("you will not be reminded" if off else "you will be reminded")


def tell(series: Series, *, as_json: bool) -> None:
    """Print a series, as JSON or for people."""
    if as_json:
        emit_json(series)
        return
    say(f"{series.title}  [{series.state}]  {series.id}")
    say(f"  when       {series.cron}  ({series.tz}), for {series.duration // 60} min")
    if series.next_start:
        say(
            f"  next       {clock(series.next_start)}{in_zone(series.next_start, series.tz)}"
            + (f"  {series.link}" if series.link else "")
        )
        for at in series.coming[1:]:
            say(f"             {clock(at)}{in_zone(at, series.tz)}")
    if series.delay is not None:
        say(f"  delay      {series.delay:g} s{', though rules redact: too late' if too_late(series) else ''}")
    show_rules(series)
