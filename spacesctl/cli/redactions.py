"""`redact dump cough panic redactions`: what the audience of a Space with a delay is not to hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.audit import who
from spacesctl.cli.common import (
    Handles,
    Json,
    SpaceRef,
    client,
    duration_seconds,
    each,
    handles_of,
    seconds_of,
)
from spacesctl.cli.output import emit_json, note, say, table
from spacesctl.cli.spaceview import length
from spacesctl.domain.clock import TICK_SECONDS, TICKS_PER_SECOND, shown
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.domain.words import RedactionMode

if TYPE_CHECKING:
    from spacesctl.api.redactions import Redaction
    from spacesctl.api.spaces import Space

IN_FLIGHT = 5
"""Ticks that the audience may have heard of what is redacted without a mention: they are on the way."""
LONGEST_PANIC = 3600
"""Seconds."""
MOST = 10.0
"""Seconds that an audience hears behind the stage at most."""
Last = Annotated[str | None, typer.Option(metavar="SECONDS", help="How much of what was said last, such as 4s or 2.5.")]
Redacted = Annotated[str, typer.Argument(metavar="REDACTION", help="Its id, from `redactions list`.")]


def redact(
    ctx: typer.Context,
    *,
    space: SpaceRef = None,
    handles: Handles,
    last: Last = "4s",
    tone: Annotated[bool, typer.Option("--tone", help="A tone in its place, not silence.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="The reason, for the other staff.")] = "",
    as_json: Json = False,
) -> None:
    """Keep what somebody said last from the audience, as far as it has not heard it."""
    from spacesctl.api.redactions import NewRedaction

    seconds, people = _seconds(last or "4s"), handles_of(handles)
    mode: RedactionMode = "tone" if tone else "silence"
    with client(ctx) as spaces:
        where = which.one(spaces, space, which.LIVE)
        rows, refused = each(
            people,
            lambda one: spaces.redactions.make(
                where, NewRedaction(account=one, last=seconds, mode=mode, reason=reason)
            ),
        )
    if as_json:
        emit_json(rows)
    else:
        for row in rows:
            say(f"{row.id}: {_told(row)}")
    if refused is not None:
        raise typer.Exit(refused.exit_code)
    if rows and all(row.state == "missed" for row in rows):
        note("the audience has heard all of it already (`edit SPACE --delay 4s` for the next time)")
        raise typer.Exit(Refused.exit_code)


def dump(
    ctx: typer.Context,
    space: SpaceRef = None,
    last: Last = None,
    reason: Annotated[str, typer.Option("--reason", help="The reason, for the other staff.")] = "",
    as_json: Json = False,
) -> None:
    """Cut what all voices said last out of what the audience will hear. Without --last: all that it has not heard."""
    from spacesctl.api.redactions import NewDump

    with client(ctx) as spaces:
        where = which.one(spaces, space, which.LIVE)
        new = NewDump(last=_seconds(last) if last is not None else None, reason=reason)
        made = spaces.redactions.dump(where, new)
        after = spaces.spaces.get(where)
    if as_json:
        emit_json(made)
        return
    say(f"{made.id}: {_told(made)}")
    _tell_delay(after)


def _tell_delay(space: Space) -> None:
    if space.safe_in:
        say(f"the delay grows to {space.delay:g} s again, at the latest in {length(space.safe_in)}")


def cough(ctx: typer.Context, space: SpaceRef = None, last: Last = None, as_json: Json = False) -> None:
    """Take back what you said last. Without --last: all that the audience has not heard of it."""
    from spacesctl.api.redactions import NewCough

    with client(ctx) as spaces:
        new = NewCough(last=_seconds(last) if last is not None else None)
        made = spaces.redactions.cough(which.one(spaces, space, which.LIVE, guest=True), new)
    if as_json:
        emit_json(made)
    else:
        say(f"{made.id}: {_told(made)}")


def panic(
    ctx: typer.Context,
    space: SpaceRef = None,
    how_long: Annotated[
        str, typer.Option("--for", metavar="DURATION", help="How long nobody else can speak, at most 1h.")
    ] = "5m",
    reason: Annotated[str, typer.Option("--reason", help="The reason, which those who are muted are told.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End it: people may speak again.")] = False,
    as_json: Json = False,
) -> None:
    """Cut everything that the audience has not heard, mute everybody below you, and let nobody new speak for a while."""
    from spacesctl.api.redactions import NewPanic, Panic

    with client(ctx) as spaces:
        where = which.one(spaces, space, which.LIVE)
        if end:
            spaces.redactions.calm(where)
            made = Panic(until=None)
        else:
            seconds = duration_seconds(how_long, "--for")
            if seconds > LONGEST_PANIC:
                raise Invalid("--for", "may be at most 1h")
            new = NewPanic(duration=seconds, reason=reason)
            made = spaces.redactions.panic(where, new)
        after = spaces.spaces.get(where)
    if as_json:
        emit_json(made)
    elif made.until is None:
        say("people may speak again, also those whom the panic had muted; `mute` those who are not to")
    else:
        say(
            f"all below you are muted, and nobody new can speak for {how_long}; `spacesctl panic {where} --end` ends it."
            " Then these mutes end, too"
        )
    if not as_json:
        _tell_delay(after)


def list_redactions(ctx: typer.Context, space: SpaceRef = None, as_json: Json = False) -> None:
    """List the redactions of a Space, newest first, with those that were withdrawn or came too late.

    AT is where one begins, in minutes and seconds of the Space; FROM and TO are its ticks of 20 ms, as `redactions change` takes them.
    Where there is no room for these, --json has them.
    """
    with client(ctx) as spaces:
        rows = list(spaces.redactions.list(which.one(spaces, space, which.PAST)))
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "TIME", "WHO", "AT", "FROM", "TO", "SECONDS", "MODE", "STATE", "BY", "REASON"),
        [
            (
                one.id,
                one.created_at,
                one.handle or "all",
                shown(one.from_tick),
                one.from_tick,
                one.to_tick,
                f"{_length(one):.1f}",
                _mode(one),
                _state(one),
                who(one.by),
                one.reason,
            )
            for one in rows
        ],
        empty="no redactions",
        spare=("FROM", "TO", "MODE", "BY"),
    )


def change_redaction(
    ctx: typer.Context,
    redaction: Redacted,
    start: Annotated[
        int | None, typer.Option("--from", metavar="TICK", help="Its first tick of the Space clock.")
    ] = None,
    end: Annotated[int | None, typer.Option("--to", metavar="TICK", help="Its last tick.")] = None,
    tone: Annotated[bool | None, typer.Option("--tone/--silence", help="What is heard in its place.")] = None,
    as_json: Json = False,
) -> None:
    """Move, narrow or widen a redaction that the audience has not reached."""
    from spacesctl.api.redactions import RedactionChange

    mode: RedactionMode | None = None if tone is None else "tone" if tone else "silence"
    change = RedactionChange(from_tick=start, to_tick=end, mode=mode)
    if change == RedactionChange():
        raise Invalid("redactions change", "say what to change", hint="--from, --to, --tone, --silence")
    with client(ctx) as spaces:
        made = spaces.redactions.change(_space_of(redaction), redaction, change)
    if as_json:
        emit_json(made)
    else:
        say(f"{made.id}: {_told(made)}")


def withdraw_redaction(ctx: typer.Context, redaction: Redacted, as_json: Json = False) -> None:
    """Take back a redaction that the audience has not reached: it hears what would have been silent."""
    with client(ctx) as spaces:
        made = spaces.redactions.withdraw(_space_of(redaction), redaction)
    if as_json:
        emit_json(made)
    else:
        say(f"{made.id} is withdrawn")


def _space_of(redaction: str) -> str:
    """A redaction's id begins with that of its Space. Raises Invalid."""
    space, dash, _ = redaction.rpartition("-r")
    if not dash:
        raise Invalid(
            "REDACTION", f"{redaction!r} is not the id of a redaction", hint="`spacesctl redactions list` shows them"
        )
    return space


def _seconds(text: str) -> float:
    """A part of what was said last. Raises Invalid."""
    found = seconds_of(text)
    if not found or found > MOST:
        raise Invalid("--last", f"{text!r} is not more than 0 and at most {MOST:g} seconds", hint="such as 4s or 500ms")
    return found


def _length(one: Redaction) -> float:
    return (one.to_tick - one.from_tick + 1) * TICK_SECONDS


def _mode(one: Redaction) -> str:
    return "cut" if one.cut else one.mode


def _state(one: Redaction) -> str:
    late = 0 if one.missed_to is None else one.missed_to - one.from_tick + 1
    return "partly missed" if one.state == "in_force" and late > IN_FLIGHT else one.state.replace("_", " ")


def _told(one: Redaction) -> str:
    whole = f"{_length(one):.1f} s"
    if one.state == "missed":
        return f"too late, the audience had heard all {whole}"
    done = "cut" if one.cut else "redacted"
    quiet = "; nobody talked there so far" if one.sound == 0 else ""
    if one.missed_to is None or one.missed_to - one.from_tick < IN_FLIGHT:
        return f"{whole} {done}{quiet}"
    late = (one.missed_to - one.from_tick + 1) / TICKS_PER_SECOND
    return f"{whole} {done}, but the audience had heard the first {late:.1f} s{quiet}"
