"""Which Space a command is about: one that is named by its id, its link, the beginning of its id or its title, or none.

What is named by id or link costs no request. All else is looked up once in the Spaces that the server lists, and said on stderr.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from spacesctl.cli.output import note
from spacesctl.domain.errors import Invalid, NotFound
from spacesctl.domain.ids import is_space_id
from spacesctl.domain.words import Role, State

if TYPE_CHECKING:
    from spacesctl.api.spaces import Space
    from spacesctl.client.http import Client

OPEN: Final = (State.LIVE, State.SCHEDULED)
PAST: Final = (*OPEN, State.ENDED)
"""For commands that also work on what is over."""
LEAST: Final = 3
"""Characters of an id that name it: fewer are too often those of another, and are read as a title only."""
MOST_SHOWN: Final = 10
"""Candidates in an error."""
_MINE: Final = (Role.HOST, Role.COHOST)


def one(spaces: Client, ref: str | None, states: Sequence[State] = OPEN, *, sure: bool = False) -> str:
    """The id of the Space that is meant; `looked_up` says how it is found. Raises Invalid and NotFound."""
    return known(ref) or looked_up(spaces, ref, states, sure=sure).id


def whole(spaces: Client, ref: str | None, states: Sequence[State] = OPEN) -> Space:
    """The same, with all of it: a lookup has brought that already."""
    where = known(ref)
    return spaces.spaces.get(where) if where else looked_up(spaces, ref, states)


def known(ref: str | None) -> str | None:
    """The id in an id or a link, whose server `Session.follow` takes; None for what must be looked up. Raises Invalid for another link."""
    if ref is None:
        return None
    bare = ref
    if "://" in ref or "/s/" in ref:
        from spacesctl.client.origins import is_link, split_link

        bare = split_link(ref)[1] if is_link(ref) else ""  # without http:// it might be anybody's
        if not is_space_id(bare):
            raise no_space(ref)
    if not bare.strip():
        raise no_space(ref)
    return bare if is_space_id(bare) else None


def looked_up(
    spaces: Client,
    ref: str | None,
    states: Sequence[State] = OPEN,
    *,
    sure: bool = False,
    tell: Callable[[str], None] = note,
) -> Space:
    """The Space with this title, or with an id that begins so; with none, the caller's own that is live, else the next. `sure` is for what
    cannot be undone: it takes neither none nor the beginning of a title. Raises NotFound, and Invalid when several are meant.
    """
    if ref is None and sure:
        raise Invalid("SPACE", "name it, since this cannot be undone")
    rows = [row for row in spaces.spaces.list(() if states == OPEN else states) if is_space_id(row.id)]
    found = _own(rows) if ref is None else _named(rows, ref.strip(), sure=sure)
    if not found:
        raise _nothing(ref, sure=sure)
    if len(found) > 1:
        raise _several(ref, found)
    tell(_told(found[0]))
    return found[0]


def _own(rows: Iterable[Space]) -> list[Space]:
    """Of those that the caller hosts, in the order of preference, the first and those that are as good."""
    mine = [row for row in rows if row.me is not None and row.me.role in _MINE]
    best = min(map(_turn, mine), default=None)
    return [row for row in mine if _turn(row) == best]


def _turn(row: Space) -> tuple[int, float]:
    """Live ones are all alike: none of them is guessed. Of those to come the first one counts, of the past the last."""
    if row.state == State.LIVE:
        return 0, 0.0
    if row.state == State.SCHEDULED:
        return 1, row.scheduled_start.timestamp() if row.scheduled_start is not None else float("inf")
    return 2, -(row.ended_at or row.created_at).timestamp()


def _named(rows: Sequence[Space], text: str, *, sure: bool) -> list[Space]:
    """Those that a text names: what is whole before what only begins so, what goes on before what is over."""
    wanted = text.casefold()

    def exactly(row: Space) -> bool:
        return row.title.casefold() == wanted or (len(text) >= LEAST and row.id.startswith(text))

    def begins(row: Space) -> bool:
        return row.title.casefold().startswith(wanted)

    for matches in (exactly,) if sure else (exactly, begins):
        fitting = [row for row in rows if matches(row)]
        if going_on := [row for row in fitting if row.state in OPEN]:
            return going_on
        if fitting:
            return fitting
    return []


def _nothing(ref: str | None, *, sure: bool) -> NotFound:
    error = NotFound("Space", "of yours, live or to come" if ref is None else repr(_shown(ref)))
    whole_title = "its whole title, its id or its link" if sure else "its title, its id or its link"
    error.hint = f"name one by {whole_title}; `spacesctl list` shows them"
    return error


def _several(ref: str | None, found: Sequence[Space]) -> Invalid:
    """The error that lists all that could be meant, so that one of their ids can be copied."""
    shown = "; ".join(f"{row.id} {row.state} '{row.title}' of {row.host.handle}" for row in found[:MOST_SHOWN])
    more = f"; and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    what = f"you have {len(found)} Spaces" if ref is None else f"{_shown(ref)!r} may be {len(found)} Spaces"
    return Invalid("SPACE", f"{what}: {shown}{more}", hint="give more of the id")


def _told(row: Space) -> str:
    """The line that says what was found."""
    from spacesctl.cli.moments import on_the_clock

    at = {State.LIVE: row.started_at, State.SCHEDULED: row.scheduled_start}.get(row.state, row.ended_at)
    word = {State.LIVE: "live since", State.SCHEDULED: "starts"}.get(row.state, row.state)
    when = f"{word} {on_the_clock(at, datetime.now(UTC))}" if at is not None else row.state
    return f"on '{row.title}' ({row.id}), {when}"


def no_space(ref: str) -> Invalid:
    """The error for what can name no Space."""
    return Invalid(
        "SPACE", f"{_shown(ref)!r} is neither a Space's id, link nor title", hint="a link is such as http://HOST/s/ID"
    )


def _shown(ref: str) -> str:
    return ref.encode(errors="replace").decode()
