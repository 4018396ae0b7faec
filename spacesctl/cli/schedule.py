"""`schedule list|show|pause|resume|skip|edit|delete`: series, made by `create --cron`; and `remind`."""

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
from spacesctl.domain.space import Policy

schedule = typer.Typer(help="Series: Spaces that run by themselves.", no_args_is_help=True)
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


def duration_seconds(text: str) -> int:
    """`90m`, `1h`, `1h30m`. Raises Invalid."""
    match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    if match is None or not any(match.groups()):
        raise Invalid("--duration", f"{text!r} is no duration", hint="as 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (hours * 60 + minutes) * 60 + seconds


@schedule.command("list")
def list_series(ctx: typer.Context, as_json: Json = False) -> None:
    """Your series."""
    with client(ctx) as spaces:
        rows = spaces.get("/v1/series")["data"]
    if as_json:
        emit_json(rows)
    else:
        table(rows, _COLUMNS, empty="no series")


@schedule.command("show")
def show(ctx: typer.Context, series: Id, as_json: Json = False) -> None:
    """One series, with its coming starts."""
    with client(ctx) as spaces:
        tell(spaces.get(f"/v1/series/{segment(series)}"), as_json=as_json)


@schedule.command("pause")
def pause(ctx: typer.Context, series: Id, as_json: Json = False) -> None:
    """No more Spaces until it is resumed; the coming one is called off."""
    _post(ctx, series, "pause", as_json=as_json)


@schedule.command("resume")
def resume(ctx: typer.Context, series: Id, as_json: Json = False) -> None:
    """Go on after a pause."""
    _post(ctx, series, "resume", as_json=as_json)


@schedule.command("skip")
def skip(ctx: typer.Context, series: Id, as_json: Json = False) -> None:
    """Call the coming Space off; the one after it comes."""
    _post(ctx, series, "skip", as_json=as_json)


@schedule.command("edit")
def edit(
    ctx: typer.Context,
    series: Id,
    title: Annotated[str | None, typer.Option(help="At most 70 characters.")] = None,
    cron: Annotated[
        str | None, typer.Option(metavar="EXPR", help="When: minute, hour, day, month, day of week.")
    ] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone, as Europe/Rome.")] = None,
    duration: Annotated[str | None, typer.Option(metavar="D", help="How long, as 1h30m.")] = None,
    speakers: Annotated[Policy | None, typer.Option(help="Who may speak without being approved.")] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="Topics, at most three; they replace the ones before.")
    ] = None,
    invite: Annotated[list[str] | None, typer.Option(metavar="@HANDLE", help="Invite a speaker from now on.")] = None,
    uninvite: Annotated[list[str] | None, typer.Option(metavar="@HANDLE", help="Invite somebody no longer.")] = None,
    rules: Annotated[Path | None, typer.Option(metavar="FILE", help="Other rules that a bot applies.")] = None,
    no_rules: Annotated[bool, typer.Option("--no-rules", help="Apply no rules any more.")] = False,
    as_json: Json = False,
) -> None:
    """Change a series and its coming Space; what is not named stays."""
    if rules is not None and no_rules:
        raise Invalid("--rules, --no-rules", "say one of them")
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
        raise Invalid("edit", "say what to change", hint="--help lists what can be changed")
    with client(ctx) as spaces:
        tell(spaces.patch(f"/v1/series/{segment(series)}", change), as_json=as_json)


@schedule.command("delete")
def delete(ctx: typer.Context, series: Id, yes: Yes = False, as_json: Json = False) -> None:
    """End a series; its coming Space is called off, a live one goes on."""
    confirm(ctx, "End this series?", yes=yes)
    with client(ctx) as spaces:
        spaces.delete(f"/v1/series/{segment(series)}")
    if as_json:
        emit_json({"id": series, "state": "deleted"})
    else:
        say(f"{series} is deleted")


def remind(
    ctx: typer.Context,
    space: SpaceRef,
    off: Annotated[bool, typer.Option("--off", help="Do not remind any more.")] = False,
    as_json: Json = False,
) -> None:
    """Be told by direct message half an hour before a scheduled Space, and when it starts."""
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
        say("no reminder" if off else "you will be reminded")


def _post(ctx: typer.Context, series: str, verb: str, *, as_json: bool) -> None:
    with client(ctx) as spaces:
        tell(spaces.post(f"/v1/series/{segment(series)}/{verb}"), as_json=as_json)


def tell(series: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit_json(series)
        return
    say(f"{clean(series['title'])}  [{series['state']}]  {series['id']}")
    say(f"  when       {series['cron']}  ({series['tz']}), for {series['duration'] // 60} min")
    if series["next_start"]:
        say(f"  next       {series['next_start']}" + (f"  {series['link']}" if series["link"] else ""))
        for at in series["coming"][1:]:
            say(f"             {at}")
