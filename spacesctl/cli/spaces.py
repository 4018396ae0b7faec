"""`create`, `list`, `show`, `start`, `end`, `edit`, `cancel`, `react`, `policy`: Spaces themselves."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from spacesctl.cli.common import Json, SpaceRef, Yes, client, confirm, handles_of, space_id, span_seconds
from spacesctl.cli.feed import show_blocked
from spacesctl.cli.moderation import read_rules
from spacesctl.cli.output import clean, emit_json, say, table
from spacesctl.cli.schedule import duration_seconds, tell
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Invalid
from spacesctl.domain.words import ListenerPolicy, Policy, Reaction, State


def create(
    ctx: typer.Context,
    title: Annotated[str, typer.Argument(help="At most 70 characters.")],
    start: Annotated[bool, typer.Option("--start", help="Go live at once.")] = False,
    at: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Start time: RFC 3339, '2026-12-01 18:00', or +2h.")
    ] = None,
    tz: Annotated[
        str | None,
        typer.Option(help="Time zone of --at and --cron, such as Europe/Rome. Default for --at: this machine's."),
    ] = None,
    speakers: Annotated[Policy, typer.Option(help="Who may speak without being approved.")] = Policy.INVITED,
    listeners: Annotated[ListenerPolicy, typer.Option(help="Who may listen.")] = ListenerPolicy.EVERYONE,
    invite: Annotated[
        list[str] | None, typer.Option(metavar="@HANDLE", help="Invite a speaker; `-` reads a list from stdin.")
    ] = None,
    captions: Annotated[bool, typer.Option(help="Live captions by a bot.")] = True,
    rules: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with rules that the bot applies.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="A topic, at most three.")] = None,
    record: Annotated[bool, typer.Option("--record", help="Record it; speakers must agree first.")] = False,
    record_lanes: Annotated[
        bool, typer.Option("--record-lanes", help="Record it, and also each speaker in a separate file.")
    ] = False,
    cron: Annotated[
        str | None,
        typer.Option(
            metavar="EXPR",
            help="Make a series with these start times, such as '0 9 * * 1-5'; needs --tz and --duration.",
        ),
    ] = None,
    duration: Annotated[
        str | None, typer.Option(metavar="D", help="How long each Space of a series lasts, such as 1h30m.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Create a Space. It opens at once with --start, at a time with --at, repeatedly with --cron, otherwise with `spacesctl start`."""
    if sum((start, at is not None, cron is not None)) > 1:
        raise Invalid("--start, --at, --cron", "give only one of them")
    if (cron is None) != (duration is None) or (cron is not None and tz is None):
        raise Invalid("--cron", "needs --tz and --duration, and --duration needs --cron")
    body: dict[str, Any] = {
        "title": title,
        "speakers": speakers.value,
        "listeners": listeners.value,
        "captions": captions,
        "topics": topic or [],
        "record": "lanes" if record_lanes else "mix" if record else "off",
        "scheduled_start": rfc3339(parse_when(at, tz, datetime.now(UTC))) if at is not None else None,
    }
    text = read_rules(rules) if rules is not None else None
    body |= {"invite": handles_of(invite) if invite else [], "rules": text}
    if rules is not None:
        body["rules_filename"] = rules.name
    if cron is not None and duration is not None:
        del body["scheduled_start"]
        body |= {"cron": cron, "tz": tz, "duration": duration_seconds(duration)}
        with client(ctx) as spaces:
            tell(spaces.post("/v1/series", body, idempotency_key=str(uuid.uuid4())), as_json=as_json)
        return
    with client(ctx) as spaces:
        made = spaces.post("/v1/spaces", {**body, "start": start}, idempotency_key=str(uuid.uuid4()))
    _show(made, as_json=as_json)


def list_spaces(
    ctx: typer.Context,
    state: Annotated[
        list[State] | None, typer.Option(help="Only Spaces in these states. Default: live and scheduled.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List Spaces, newest first."""
    with client(ctx, anonymous=True) as spaces:
        rows = spaces.all("/v1/spaces", state=[one.value for one in state] if state else None)
    if as_json:
        emit_json(rows)
        return
    for row in rows:
        row["by"] = row["host"]["handle"]
        row["when"] = row["started_at"] or row["scheduled_start"]
    columns = {
        "ID": "id",
        "STATE": "state",
        "TITLE": "title",
        "HOST": "by",
        "WHEN": "when",
        "PEOPLE": "participant_count",
    }
    table(rows, columns, empty="no Spaces")


def show(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Show a Space."""
    with client(ctx, anonymous=True) as spaces:
        _show(spaces.get(f"/v1/spaces/{space_id(space)}"), as_json=as_json)


def start(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Open a Space: it goes live."""
    with client(ctx) as spaces:
        _show(spaces.post(f"/v1/spaces/{space_id(space)}/start"), as_json=as_json)


def end(ctx: typer.Context, space: SpaceRef, yes: Yes = False, as_json: Json = False) -> None:
    """End a live Space for everybody."""
    confirm(ctx, "End this Space for everybody?", yes=yes)
    with client(ctx) as spaces:
        _show(spaces.post(f"/v1/spaces/{space_id(space)}/end"), as_json=as_json)


def edit(
    ctx: typer.Context,
    space: SpaceRef,
    title: Annotated[str | None, typer.Option(help="At most 70 characters.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="WHEN", help="New start time, for a Space that has not started.")
    ] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone of --at. Default: this machine's.")] = None,
    listeners: Annotated[ListenerPolicy | None, typer.Option(help="Who may listen.")] = None,
    captions: Annotated[bool | None, typer.Option("--captions/--no-captions", help="Live captions by a bot.")] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="Topics, at most three; they replace the previous ones.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change a Space; what you do not give stays as it is."""
    body = {
        "title": title,
        "listeners": listeners.value if listeners else None,
        "captions": captions,
        "topics": topic or None,
        "scheduled_start": rfc3339(parse_when(at, tz, datetime.now(UTC))) if at is not None else None,
    }
    change = {key: value for key, value in body.items() if value is not None}
    if not change:
        raise Invalid("edit", "say what to change", hint="--title, --at, --topic, --listeners, --captions")
    with client(ctx) as spaces:
        _show(spaces.patch(f"/v1/spaces/{space_id(space)}", change), as_json=as_json)


def cancel(ctx: typer.Context, space: SpaceRef, yes: Yes = False, as_json: Json = False) -> None:
    """Cancel a Space that has not started."""
    confirm(ctx, "Cancel this Space?", yes=yes)
    with client(ctx) as spaces:
        _show(spaces.post(f"/v1/spaces/{space_id(space)}/cancel"), as_json=as_json)


def react(
    ctx: typer.Context,
    space: SpaceRef,
    reaction: Annotated[Reaction, typer.Argument(help="The reaction.")],
    as_json: Json = False,
) -> None:
    """Send a reaction, which everybody in the Space sees."""
    with client(ctx) as spaces:
        made = spaces.post(f"/v1/spaces/{space_id(space)}/reactions", {"reaction": reaction.value})
    if as_json:
        emit_json(made)
    else:
        say(made["emoji"])


def policy(
    ctx: typer.Context,
    space: SpaceRef,
    speakers: Annotated[Policy, typer.Argument(help="Who may speak without being approved.")],
    as_json: Json = False,
) -> None:
    """Set who may speak without being approved, also while the Space is live."""
    with client(ctx) as spaces:
        changed = spaces.patch(f"/v1/spaces/{space_id(space)}", {"speakers": speakers.value})
    _show(changed, as_json=as_json)


def parse_when(text: str, tz: str | None, now: datetime) -> datetime:
    """The UTC time of `+2h`, of RFC 3339 with an offset, or of a local time in `tz` (default: this machine's). Raises Invalid."""
    seconds = span_seconds(text)
    try:
        zone = ZoneInfo(tz) if tz else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones
        raise Invalid("--tz", f"{tz!r} is not a time zone", hint="such as Europe/Rome") from error
    try:
        if seconds is not None:
            return now + timedelta(seconds=seconds)
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=zone) if zone else at.astimezone()
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # not a time, or beyond the calendar
        raise Invalid(
            "--at", f"{text!r} is not a time", hint="such as 2026-12-01T18:00:00Z, '2026-12-01 18:00' or +2h"
        ) from error


def _show(space: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit_json(space)
        return
    say(f"{clean(space['title'])}  [{space['state']}]  {space['id']}")
    say(f"  link       {space['link']}")
    say(f"  host       {space['host']['handle']}")
    say(f"  speakers   {space['speakers']}")
    if space["recording"]:
        say("  REC        this Space is being recorded")
    when = space["started_at"] or space["scheduled_start"]
    if when:
        say(f"  {'since     ' if space['started_at'] else 'starts    '} {when}")
    say(f"  people     {space['participant_count']}")
    status = space["captions_status"]
    captions = "on" if status["ready"] else f"{'on, but ' if space['captions'] else ''}{status['reason']}"
    say(f"  captions   {captions}")
    show_blocked(space)
    for pin in space["pinned"]:
        what = f"{pin['post']['author']}: {pin['post']['text']}" if pin["post"] else f"{pin['title']}  {pin['url']}"
        say(f"  shared     {clean(what)}".replace("\n", " "))
    if space["rules"]:
        say(f"  rules      {space['rules'][:12]}")
