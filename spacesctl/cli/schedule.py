"""`schedule list|show|pause|resume|skip|edit|delete`: series, which `create --cron` makes; and `remind`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from spacesctl.cli.common import Json, SpaceRef, Yes, client, confirm, handle, space_id
from spacesctl.cli.moderation import read_rules
from spacesctl.cli.output import clean, emit_json, say, table
from spacesctl.client.http import segment
from spacesctl.domain.errors import Invalid
from spacesctl.domain.words import Policy

schedule = typer.Typer(help="Series: Spaces that open and end by themselves, again and again.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="SERIES")]
_COLUMNS = {
    "ID": "id",
    "STATE": "state",
    "TITLE": "title",
    "CRON": "cron",
    "ZONE": "tz",
    "NEXT": "next_start",
    "SPACE": "next_space",
}


def duration_seconds(text: str, option: str = "--duration") -> int:
    """The seconds of `90m`, `1h` or `1h30m`. Raises Invalid."""
    match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    if match is None or not any(match.groups()):
        raise Invalid(option, f"{text!r} is not a duration", hint="such as 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (hours * 60 + minutes) * 60 + seconds


@schedule.command("list")
def list_series(ctx: typer.Context, as_json: Json = False) -> None:
    """List your series."""
    with client(ctx) as spaces:
        rows = spaces.get("/v1/series")["data"]
    if as_json:
        emit_json(rows)
    else:
        table(rows, _COLUMNS, empty="no series")


@schedule.command("show")
def show(ctx: typer.Context, series: Id, as_json: Json = False) -> None:
    """Show a series with its next starts."""
    with client(ctx) as spaces:
        tell(spaces.get(f"/v1/series/{segment(series)}"), as_json=as_json)


@schedule.command("pause")
def pause(ctx: typer.Context, series: Id, as_json: Json = False) -> None:
    """Pause a series: its next Space is canceled, and no others are made until it is resumed."""
    _post(ctx, series, "pause", as_json=as_json)


@schedule.command("resume")
def resume(ctx: typer.Context, series: Id, as_json: Json = False) -> None:
    """Resume a paused series."""
    _post(ctx, series, "resume", as_json=as_json)


@schedule.command("skip")
def skip(ctx: typer.Context, series: Id, as_json: Json = False) -> None:
    """Cancel the next Space of a series; the one after it stays."""
    _post(ctx, series, "skip", as_json=as_json)


@schedule.command("edit")
def edit(
    ctx: typer.Context,
    series: Id,
    title: Annotated[str | None, typer.Option(help="At most 70 characters.")] = None,
    cron: Annotated[
        str | None, typer.Option(metavar="EXPR", help="Start times, as in cron: minute, hour, day, month, day of week.")
    ] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone, such as Europe/Rome.")] = None,
    duration: Annotated[str | None, typer.Option(metavar="D", help="How long each Space lasts, such as 1h30m.")] = None,
    speakers: Annotated[Policy | None, typer.Option(help="Who may speak without being approved.")] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="Topics, at most three; they replace the previous ones.")
    ] = None,
    invite: Annotated[
        list[str] | None, typer.Option(metavar="@HANDLE", help="Invite this speaker to each Space from now on.")
    ] = None,
    uninvite: Annotated[
        list[str] | None, typer.Option(metavar="@HANDLE", help="No longer invite this speaker.")
    ] = None,
    rules: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with new rules for the bot.")] = None,
    no_rules: Annotated[bool, typer.Option("--no-rules", help="Remove the rules.")] = False,
    as_json: Json = False,
) -> None:
    """Change a series and its next Space; what you do not give stays as it is."""
    if rules is not None and no_rules:
        raise Invalid("--rules, --no-rules", "give only one of them")
    body: dict[str, Any] = {
        "title": title,
        "cron": cron,
        "tz": tz,
        "duration": duration_seconds(duration) if duration is not None else None,
        "speakers": speakers.value if speakers else None,
        "topics": topic or None,
        "invite": [handle(one) for one in invite or []] or None,
        "uninvite": [handle(one) for one in uninvite or []] or None,
    }
    if rules is not None:
        body |= {"rules": read_rules(rules), "rules_filename": rules.name}
    change = {key: value for key, value in body.items() if value is not None} | ({"rules": None} if no_rules else {})
    if not change:
        raise Invalid("edit", "say what to change", hint="--help lists the options")
    with client(ctx) as spaces:
        tell(spaces.patch(f"/v1/series/{segment(series)}", change), as_json=as_json)


@schedule.command("delete")
def delete(ctx: typer.Context, series: Id, yes: Yes = False, as_json: Json = False) -> None:
    """Delete a series. Its next Space is canceled; one that is live goes on."""
    confirm(ctx, "Delete this series?", yes=yes)
    with client(ctx) as spaces:
        spaces.delete(f"/v1/series/{segment(series)}")
    if as_json:
        emit_json({"id": series, "state": "deleted"})
    else:
        say(f"{series} is deleted")


def remind(
    ctx: typer.Context,
    space: SpaceRef,
    off: Annotated[bool, typer.Option("--off", help="Remove the reminder.")] = False,
    as_json: Json = False,
) -> None:
    """Get a direct message half an hour before a scheduled Space, and when it starts."""
    where = f"/v1/spaces/{space_id(space)}"
    with client(ctx) as spaces:
        if off:
            spaces.delete(f"{where}/reminder")
        else:
            spaces.put(f"{where}/reminder")
        count = spaces.get(where)["subscriber_count"]
    if as_json:
        emit_json({"space_id": space_id(space), "reminder": not off, "subscriber_count": count})
    else:
        say("you will not be reminded" if off else "you will be reminded")


def _post(ctx: typer.Context, series: str, verb: str, *, as_json: bool) -> None:
    with client(ctx) as spaces:
        tell(spaces.post(f"/v1/series/{segment(series)}/{verb}"), as_json=as_json)


def tell(series: dict[str, Any], *, as_json: bool) -> None:
    """Print a series, as JSON or for people."""
    if as_json:
        emit_json(series)
        return
    say(f"{clean(series['title'])}  [{series['state']}]  {series['id']}")
    say(f"  when       {series['cron']}  ({series['tz']}), for {series['duration'] // 60} min")
    if series["next_start"]:
        say(f"  next       {series['next_start']}" + (f"  {series['link']}" if series["link"] else ""))
        for at in series["coming"][1:]:
            say(f"             {at}")
