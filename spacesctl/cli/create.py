"""`create`: a Space, or a series of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.common import Json, WithNumbers, client, delay_of, duration_seconds, handles_of, new_key
from spacesctl.cli.output import emit_json
from spacesctl.domain.errors import Invalid
from spacesctl.domain.words import ChatPolicy, ListenerPolicy, Policy, RecordingMode

if TYPE_CHECKING:
    from spacesctl.api.series import Series
    from spacesctl.api.spaces import NewSpace, Space


MAX_COHOSTS = 2
"""As in the domain, which is not loaded here."""


def create(
    ctx: typer.Context,
    title: Annotated[str, typer.Argument(help="At most 70 characters.")],
    start: Annotated[bool, typer.Option("--start", help="Go live at once.")] = False,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Start time: 'tomorrow 18:00', 'fri 18:00', 'in 2h', '2026-12-01 18:00' or RFC 3339."
        ),
    ] = None,
    tz: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE", help="Time zone of --at and --cron, such as Europe/Rome. Default for --at: this machine's."
        ),
    ] = None,
    speakers: Annotated[Policy, typer.Option(help="Who may speak without being approved.")] = Policy.INVITED,
    listeners: Annotated[ListenerPolicy, typer.Option(help="Who may listen.")] = ListenerPolicy.EVERYONE,
    invite: Annotated[
        list[str] | None, typer.Option(metavar="PERSON", help="Invite a speaker; `-` reads a list from stdin.")
    ] = None,
    cohost: Annotated[
        list[str] | None,
        typer.Option(metavar="PERSON", help="Invite a co-host, at most two; accepting makes them one."),
    ] = None,
    captions: Annotated[bool, typer.Option(help="Live captions by a bot.")] = True,
    rules: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with rules that the bot applies.")] = None,
    with_numbers: WithNumbers = False,
    topic: Annotated[list[str] | None, typer.Option(help="A topic, at most three.")] = None,
    record: Annotated[bool, typer.Option("--record", help="Record it; speakers must agree first.")] = False,
    record_lanes: Annotated[
        bool, typer.Option("--record-lanes", help="Record it, and also each speaker in a separate file.")
    ] = False,
    delay: Annotated[
        str | None,
        typer.Option(
            metavar="SECONDS",
            help="How far behind the stage the audience hears, 0s to 10s. Default: 4s if a rule redacts, else 0s.",
        ),
    ] = None,
    chat: Annotated[ChatPolicy, typer.Option(help="Who may write in its chat.")] = ChatPolicy.OFF,
    cron: Annotated[
        str | None,
        typer.Option(
            metavar="CRON",
            help="Make a series with these start times, such as '0 9 * * 1-5'; needs --tz and --duration.",
        ),
    ] = None,
    duration: Annotated[
        str | None, typer.Option(metavar="DURATION", help="How long each Space of a series lasts, such as 1h30m.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Create a Space. It opens at once with --start, at a time with --at, repeatedly with --cron, otherwise with `spacesctl start`."""
    if sum((start, at is not None, cron is not None)) > 1:
        raise Invalid("--start, --at, --cron", "give only one of them")
    if (cron is None) != (duration is None) or (cron is not None and tz is None):
        raise Invalid("--cron", "needs --tz and --duration, and --duration needs --cron")
    if tz is not None and at is None and cron is None:
        raise Invalid("--tz", "is for --at and --cron", hint="such as --at 'tomorrow 18:00' --tz Europe/Rome")
    if cron is not None and chat is not ChatPolicy.OFF:
        raise Invalid("--chat", "is set for each Space of a series", hint="`edit SPACE --chat everyone`")
    if with_numbers and rules is None:
        raise Invalid("--with-numbers", "needs --rules")
    from spacesctl.api.spaces import NewSpace
    from spacesctl.cli.rules import read_rules
    from spacesctl.cli.when import wire_time

    new = NewSpace(
        title=title,
        speakers=speakers,
        listeners=listeners,
        captions=captions,
        topics=topic or [],
        scheduled_start=wire_time(at, tz) if at is not None else None,
        invite=handles_of(invite) if invite else [],
        cohosts=_cohosts(cohost) if cohost else [],
        rules=read_rules(rules) if rules is not None else None,
        rules_filename=rules.name if rules is not None else "rules.toml",
        with_numbers=with_numbers,
        record=RecordingMode.LANES if record_lanes else RecordingMode.MIX if record else RecordingMode.OFF,
        delay=delay_of(delay),
        chat=chat,
        start=start,
    )
    if cron is not None and tz is not None and duration is not None:
        _create_series(ctx, new, cron, tz, duration_seconds(duration), as_json=as_json)
        return
    with client(ctx) as spaces:
        made = spaces.spaces.create(new, idempotency_key=new_key())
    if as_json:
        emit_json(made)
    else:
        from spacesctl.cli.spaceview import show_space

        show_space(made, tz)
    _note_rules(new.rules, made)


def _note_rules(text: str | None, made: Space | Series) -> None:
    from spacesctl.cli import rulenotes

    rulenotes.note_numbers(text, kept=made.with_numbers)
    rulenotes.note_delay(made)


def _cohosts(words: list[str]) -> list[str]:
    found = handles_of(words)
    if len(found) > MAX_COHOSTS:
        raise Invalid("--cohost", f"at most {MAX_COHOSTS}")
    return found


def _create_series(ctx: typer.Context, each: NewSpace, cron: str, tz: str, seconds: int, *, as_json: bool) -> None:
    """A series of Spaces like `each`."""
    from spacesctl.api.series import NewSeries
    from spacesctl.cli.schedule import tell

    new = NewSeries(
        title=each.title,
        cron=cron,
        tz=tz,
        duration=seconds,
        speakers=each.speakers,
        listeners=each.listeners,
        captions=each.captions,
        topics=each.topics,
        invite=each.invite,
        cohosts=each.cohosts,
        rules=each.rules,
        rules_filename=each.rules_filename,
        with_numbers=each.with_numbers,
        record=each.record,
        delay=each.delay,
    )
    with client(ctx) as spaces:
        made = spaces.series.create(new, idempotency_key=new_key())
    tell(made, as_json=as_json)
    _note_rules(new.rules, made)
