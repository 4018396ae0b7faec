"""`edit`: everything of a Space that `create` can say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.common import Json, Session, SpaceRef, WithNumbers, client, delay_of, handles_of, seconds_of
from spacesctl.cli.spaces import tell
from spacesctl.domain.errors import Invalid
from spacesctl.domain.words import ChatPolicy, ListenerPolicy, Policy, RecordingMode

if TYPE_CHECKING:
    from spacesctl.api.moderation import NewRules
    from spacesctl.api.people import NewInvites
    from spacesctl.api.spaces import Space, SpaceChange
    from spacesctl.client.http import Client

CHOICES = "--title, --at, --speakers, --listeners, --invite, --captions, --rules, --topic, --record, --delay, --chat"


def edit(
    ctx: typer.Context,
    space: SpaceRef = None,
    title: Annotated[str | None, typer.Option(help="At most 70 characters.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="New start time, for a Space that has not started.")
    ] = None,
    tz: Annotated[str | None, typer.Option(metavar="ZONE", help="Time zone of --at. Default: this machine's.")] = None,
    speakers: Annotated[Policy | None, typer.Option(help="Who may speak without being approved.")] = None,
    listeners: Annotated[ListenerPolicy | None, typer.Option(help="Who may listen.")] = None,
    invite: Annotated[
        list[str] | None, typer.Option(metavar="PERSON", help="Invite a speaker; `-` reads a list from stdin.")
    ] = None,
    captions: Annotated[bool | None, typer.Option("--captions/--no-captions", help="Live captions by a bot.")] = None,
    rules: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with new rules for the bot.")] = None,
    no_rules: Annotated[bool, typer.Option("--no-rules", help="Remove the rules.")] = False,
    with_numbers: WithNumbers = False,
    topic: Annotated[
        list[str] | None, typer.Option(help="Topics, at most three; they replace the previous ones. '' for none.")
    ] = None,
    record: Annotated[
        bool | None,
        typer.Option("--record/--no-record", help="Record it from the start, for a Space that has not started."),
    ] = None,
    record_lanes: Annotated[
        bool, typer.Option("--record-lanes", help="The same, and also each speaker in a separate file.")
    ] = False,
    delay: Annotated[
        str | None,
        typer.Option(
            metavar="SECONDS",
            help="How far behind the stage the audience hears, 0s to 10s. It changes in pauses, and grows within a minute.",
        ),
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="With a longer --delay: at once, by a silence that the audience hears.")
    ] = False,
    chat: Annotated[ChatPolicy | None, typer.Option(help="Who may write in its chat.")] = None,
    chat_every: Annotated[
        str | None, typer.Option(metavar="SECONDS", help="One message of each account in so many seconds; 0s: any.")
    ] = None,
    typed_aloud: Annotated[
        bool | None,
        typer.Option(
            "--typed-aloud/--no-typed-aloud", help="Typed speech is also spoken, where the server has espeak-ng."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Change a Space; what you do not give stays as it is. With --rules or --no-rules, SPACE is needed: the old rules are not kept."""
    if (rules is not None and no_rules) or (record is False and record_lanes):
        raise Invalid("--rules, --record", "an option and its opposite were given")
    if tz is not None and at is None:
        raise Invalid("--tz", "is for --at", hint="such as --at 'tomorrow 18:00' --tz Europe/Rome")
    if now and delay is None:
        raise Invalid("--now", "needs --delay")
    from spacesctl.api.people import NewInvites
    from spacesctl.api.spaces import SpaceChange
    from spacesctl.cli.when import wire_time

    change = SpaceChange(
        title=title,
        listeners=listeners,
        speakers=speakers,
        captions=captions,
        topics=[one for one in topic if one] if topic is not None else None,
        scheduled_start=wire_time(at, tz) if at is not None else None,
        record=_mode(record, lanes=record_lanes),
        delay=delay_of(delay),
        delay_now=now,
        chat=chat,
        chat_every=_every(chat_every),
        typed_aloud=typed_aloud,
    )
    invites = NewInvites(handles=handles_of(invite)) if invite else None
    new_rules = _rules(rules, no_rules=no_rules, with_numbers=with_numbers)
    if change == SpaceChange() and invites is None and new_rules is None:
        raise Invalid("edit", "say what to change", hint=CHOICES)
    with client(ctx) as spaces:
        where = which.one(spaces, space, sure=new_rules is not None)  # the rules that were there are not kept
        before = spaces.spaces.get(where) if new_rules is not None else None
        dry_run = ctx.ensure_object(Session).dry_run
        after = _apply(spaces, where, change, invites, new_rules, dry_run=dry_run)
    tell(after, as_json=as_json, tz=tz)
    if new_rules is None and change.delay is None:
        return
    from spacesctl.cli import rulenotes

    if before is not None and new_rules is not None:
        rulenotes.note_numbers(new_rules.text, kept=after.with_numbers, before=before.with_numbers)
    rulenotes.note_delay(after)


def _apply(
    spaces: Client,
    where: str,
    change: SpaceChange,
    invites: NewInvites | None,
    rules: NewRules | None,
    *,
    dry_run: bool,
) -> Space:
    """The Space after the changes. Each is a call of its own, the one that is refused most easily first; the others are then not made.
    Each call of a dry run knows nothing of the others: what they answer is put together here."""
    done = spaces.spaces.set_rules(where, rules) if rules is not None else None
    invited = list(spaces.people.invite(where, invites)) if invites is not None else []
    space = spaces.spaces.edit(where, change) if change != type(change)() else spaces.spaces.get(where)
    if not dry_run:
        return space
    from spacesctl.client.tried import as_if

    return as_if(space, change, done, invited)


def _every(text: str | None) -> int | None:
    """Seconds between two messages. Raises Invalid."""
    if text is None:
        return None
    found = seconds_of(text)
    if found is None:
        raise Invalid("--chat-every", f"{text!r} are no seconds", hint="such as 10s")
    return round(found)


def _mode(record: bool | None, *, lanes: bool) -> RecordingMode | None:
    if lanes:
        return RecordingMode.LANES
    return None if record is None else RecordingMode.MIX if record else RecordingMode.OFF


def _rules(path: Path | None, *, no_rules: bool, with_numbers: bool) -> NewRules | None:
    if with_numbers and path is None:
        raise Invalid("--with-numbers", "needs --rules")
    if path is None and not no_rules:
        return None
    from spacesctl.api.moderation import NewRules
    from spacesctl.cli.rules import read_rules

    if path is None:
        return NewRules(text=None)
    return NewRules(text=read_rules(path), filename=path.name, with_numbers=with_numbers)
