"""`warn mute unmute demote kick undo sanctions`: what is done about people, for how long, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import completion, which
from spacesctl.cli.asking import confirm
from spacesctl.cli.audit import who
from spacesctl.cli.common import (
    AlsoSpace,
    Handles,
    Json,
    SpaceRef,
    ThisSpace,
    Yes,
    client,
    duration_seconds,
    each,
    either,
    handles_of,
    listed,
)
from spacesctl.cli.output import clock, emit_json, note, say, table
from spacesctl.cli.people import each_person, new_role
from spacesctl.domain.errors import Invalid, NotFound, Refused
from spacesctl.domain.ids import is_space_id
from spacesctl.domain.words import State

if TYPE_CHECKING:
    from spacesctl.api.people import NewMeasure, Sanction
    from spacesctl.client.http import Client

Persons = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PERSON",
        help="Handles: @ann,@ben or ann,ben; `-` reads them from stdin.",
        autocompletion=completion.handles,
    ),
]
ANONYMOUS = "anon-"
"""What the ids of connections without an account begin with: no handle has a dash."""
For = Annotated[
    str | None,
    typer.Option("--for", metavar="DURATION", help="For how long, such as 90s or 1h. Default: until the Space ends."),
]
Why = Annotated[str, typer.Option("--reason", help="The reason, which the person is told.")]
Led = Annotated[
    str | None,
    typer.Option("--report", metavar="REPORT", help="The report about them that led to it: they hear its sound."),
]


def warn(
    ctx: typer.Context,
    *,
    space: SpaceRef = None,
    handles: Handles,
    reason: Why = "",
    how_long: For = None,
    report: Led = None,
    as_json: Json = False,
) -> None:
    """Warn people: they are told why, and it is on record. --reason is needed."""
    if not reason.strip():
        raise Invalid("--reason", "say what the warning is about")
    measure = _measure(reason, how_long, report)
    each_person(
        ctx,
        space,
        handles,
        lambda spaces: lambda where, one: spaces.people.warn(where, one, measure),
        lambda _: "warned",
        undone="warn",
        as_json=as_json,
    )


def mute(
    ctx: typer.Context,
    space: SpaceRef = None,
    handles: Persons = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="All whom you are above, and who comes on stage while it lasts.")
    ] = False,
    reason: Why = "",
    how_long: For = None,
    report: Led = None,
    as_json: Json = False,
) -> None:
    """Mute on the server: nobody hears what they send, and they cannot unmute themselves. With --all, SPACE is needed."""
    if everybody:
        from spacesctl.cli import measures

        _require_alone(space, handles, report)
        measures.begin(ctx, "mute", space, reason, how_long, sure=True, as_json=as_json)
        return
    measure = _measure(reason, how_long, report)
    each_person(
        ctx,
        space,
        handles or [],
        lambda spaces: lambda where, one: spaces.people.mute(where, one, measure),
        lambda _: "muted",
        undone="mute",
        as_json=as_json,
    )


def unmute(
    ctx: typer.Context,
    space: SpaceRef = None,
    handles: Persons = None,
    everybody: Annotated[bool, typer.Option("--all", help="End `mute --all`.")] = False,
    as_json: Json = False,
) -> None:
    """Lift a mute. They are told, and only they can open their microphone again. With --all, SPACE is needed."""
    if everybody:
        from spacesctl.cli import measures

        _require_alone(space, handles)
        measures.end(ctx, "mute", space, sure=True, as_json=as_json)
        return
    said = "may open the microphone again"
    each_person(ctx, space, handles or [], lambda spaces: spaces.people.unmute, lambda _: said, as_json=as_json)


def demote(
    ctx: typer.Context,
    space: SpaceRef = None,
    handles: Persons = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="All whom you are above; who comes needs an approval, too, while it lasts.")
    ] = False,
    reason: Why = "",
    how_long: For = None,
    report: Led = None,
    as_json: Json = False,
) -> None:
    """Make a speaker a listener, who needs an approval to speak again. With --all, SPACE is needed."""
    if everybody:
        from spacesctl.cli import measures

        _require_alone(space, handles, report)
        measures.begin(ctx, "demote", space, reason, how_long, sure=True, as_json=as_json)
        return
    measure = _measure(reason, how_long, report)
    each_person(
        ctx,
        space,
        handles or [],
        lambda spaces: lambda where, one: spaces.people.demote(where, one, measure),
        new_role,
        undone="demote",
        as_json=as_json,
    )


def _require_alone(space: str | None, handles: list[str] | None, report: str | None = None) -> None:
    """What is done about all names its Space, and nobody else. Raises Invalid."""
    if space is None:
        raise Invalid("SPACE", "name it, since this concerns everybody in it")
    if handles:
        raise Invalid("--all, PERSON", "give only one of them")
    if report is not None:
        raise Invalid("--report", "is about one person")


def kick(
    ctx: typer.Context,
    space: ThisSpace,
    handles: Annotated[
        list[str],
        typer.Argument(
            metavar="PERSON",
            help="Handles: @ann,@ben or ann,ben; `-` reads them from stdin. Or connections, from `people --anonymous`.",
            autocompletion=completion.handles,
        ),
    ],
    reason: Why = "",
    how_long: For = None,
    erase: Annotated[
        bool, typer.Option("--erase", help="What they said and shared goes from the audience's view, too.")
    ] = False,
    mute_dms: Annotated[
        bool, typer.Option("--mute-dms", help="They cannot message the host and the co-hosts meanwhile.")
    ] = False,
    report: Led = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Remove people; they cannot come back until the Space ends, or the time is over.

    `undo` lets them come back, and shows what was erased: where nobody can be asked it needs no --yes. An anonymous listener is put out by
    the connection, and may open another one, unless the Space is locked.
    """
    from spacesctl.api.people import NewKick

    words = listed(handles)
    connections = [one for one in words if one.startswith(ANONYMOUS)]
    persons = handles_of([one for one in words if one not in connections]) if len(words) > len(connections) else []
    if not words:
        handles_of(words)
    seconds = duration_seconds(how_long, "--for") if how_long is not None else None
    new = NewKick(reason=reason, duration=seconds, erase=erase, mute_dms=mute_dms, report=report)
    if connections and new != NewKick(reason=reason):
        raise Invalid(
            "--for, --erase, --mute-dms, --report", "are for accounts: nobody knows an anonymous listener again"
        )
    confirm(ctx, f"Remove {', '.join([*persons, *connections])}?", yes=yes)
    if connections:
        _cut_off(ctx, space, connections, as_json=as_json and not persons)
    if persons:
        each_person(
            ctx,
            space,
            persons,
            lambda spaces: lambda where, one: spaces.people.kick(where, one, new),
            lambda _: "removed",
            sure=True,
            undone="kick",
            as_json=as_json,
        )


def _cut_off(ctx: typer.Context, space: str | None, connections: list[str], *, as_json: bool) -> None:
    """Close connections of anonymous listeners. Exits with the code of the first refusal."""
    from spacesctl.cli.answers import CutOff

    with client(ctx) as spaces:
        where = which.one(spaces, space, sure=True)

        def act(one: str) -> CutOff:
            spaces.people.cut_off(where, one)
            return CutOff(id=one)

        rows, refused = each(connections, act)
    if as_json:
        emit_json(rows)
    else:
        for row in rows:
            say(f"{row.id}: removed")
    if refused is not None:
        raise typer.Exit(refused.exit_code)


def sanctions(
    ctx: typer.Context,
    space: Annotated[
        str | None,
        typer.Argument(metavar="SPACE", help="A Space that you host. Default: your live one, else those on you."),
    ] = None,
    named: AlsoSpace = None,
    blocks: Annotated[bool, typer.Option("--blocks", help="The blocks on your own list.")] = False,
    mine: Annotated[bool, typer.Option("--me", help="Those on you, in all Spaces.")] = False,
    as_json: Json = False,
) -> None:
    """List sanctions, newest first, with those that ended: of a Space that you host, the blocks on your list, or those on you."""
    space = either(space, named)
    if blocks + mine + (space is not None) > 1:
        raise Invalid("SPACE, --blocks, --me", "give only one of them")
    with client(ctx) as spaces:
        if blocks:
            found = spaces.accounts.block_sanctions()
        elif (where := None if mine else _hosted(spaces, space)) is not None:
            found = spaces.spaces.sanctions(where)
        else:
            note("on you, in all Spaces")
            found = spaces.accounts.sanctions()
        rows = list(found)
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "SINCE", "DONE", "TO", "BY", "UNTIL", "ENDED", "REASON"),
        [(one.id, one.since, one.action, whom(one), who(one.by), one.until, one.how, one.reason) for one in rows],
        empty="no sanctions",
        spare=("UNTIL", "BY"),
    )


def _hosted(spaces: Client, space: str | None) -> str | None:
    """The Space that is named, else the live one of the caller; None if they host none."""
    if space is not None:
        return which.one(spaces, space, which.PAST)
    try:
        return which.one(spaces, None, (State.LIVE,))
    except NotFound:
        return None


def undo(
    ctx: typer.Context,
    sanction: Annotated[str, typer.Argument(metavar="SANCTION", help="Its id, from `sanctions`.")],
    reason: Annotated[str, typer.Option(help="The reason, which the person is told.")] = "",
    wrong: Annotated[
        bool, typer.Option("--wrong", help="It never should have been: `rules regressions` has the words for its rule.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Undo a sanction: of a person, of all, or a block."""
    with client(ctx) as spaces:
        try:
            row = _undo(spaces, sanction, reason, wrong=wrong)
        except NotFound:
            _refuse_again(spaces, sanction)
            raise
    if as_json:
        emit_json(row)
    else:
        say(f"{whom(row)}: {row.action} undone")


def whom(one: Sanction) -> str:
    """Whom a sanction is on."""
    return one.target.handle if one.target is not None else "everybody"


def _undo(spaces: Client, sanction: str, reason: str, *, wrong: bool) -> Sanction:
    """A block has a bare id; another sanction's begins with its Space's."""
    space, dash, _ = sanction.partition("-")
    if dash:
        if not is_space_id(space):
            raise NotFound("sanction", sanction)
        return spaces.people.undo(space, sanction, reason, wrong=wrong)
    return spaces.accounts.undo_block(sanction, reason, wrong=wrong)


def _refuse_again(spaces: Client, sanction: str) -> None:
    """Raises Refused when this sanction was there and has ended: who undoes it twice reads what it was, and who was faster."""
    space, dash, _ = sanction.partition("-")
    known = spaces.spaces.sanctions(space) if dash else spaces.accounts.block_sanctions()
    for one in known:
        if one.id == sanction and one.lifted_at is not None:
            by = f" by {who(one.lifted_by)}" if one.lifted_by is not None else ""
            raise Refused(
                "ended",
                f"the {one.action} of {whom(one)} is {one.how} already{by}, since {clock(one.lifted_at)}",
            )


def _measure(reason: str, how_long: str | None, report: str | None) -> NewMeasure:
    from spacesctl.api.people import NewMeasure

    seconds = duration_seconds(how_long, "--for") if how_long is not None else None
    return NewMeasure(reason=reason, duration=seconds, report=report)
