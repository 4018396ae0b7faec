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
from spacesctl.domain.words import InviteState, Role, State

if TYPE_CHECKING:
    from spacesctl.api.spaces import Space
    from spacesctl.client.http import Client

LIVE: Final = (State.LIVE,)
"""For commands that are about what is said now: with none it is the caller's live Space, and no title of another state is meant."""
OPEN: Final = (State.LIVE, State.SCHEDULED)
PAST: Final = (*OPEN, State.ENDED)
"""For commands that also work on what is over."""
LEAST: Final = 3
"""Characters of an id that name it: fewer are too often those of another, and are read as a title only."""
MOST_SHOWN: Final = 10
"""Candidates in an error."""
MOST_MEANT: Final = 3
"""Spaces that may have been meant, in an error."""
_MINE: Final = (Role.HOST, Role.COHOST)
_OVER: Final = {State.ENDED: "has ended", State.CANCELED: "was canceled"}


def one(
    spaces: Client, ref: str | None, states: Sequence[State] = OPEN, *, sure: bool = False, guest: bool = False
) -> str:
    """The id of the Space that is meant; `looked_up` says how it is found. Raises Invalid and NotFound."""
    return known(ref) or looked_up(spaces, ref, states, sure=sure, guest=guest).id


def whole(spaces: Client, ref: str | None, states: Sequence[State] = OPEN, *, guest: bool = False) -> Space:
    """The same, with all of it: a lookup has brought that already."""
    where = known(ref)
    return spaces.spaces.get(where) if where else looked_up(spaces, ref, states, guest=guest)


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
    guest: bool = False,
    tell: Callable[[str], None] = note,
) -> Space:
    """The Space with this title, or with an id that begins so; with none, the caller's own that is live, else the next, and for a `guest`
    also one to which they are invited. `sure` is for what cannot be undone: it takes neither none nor the beginning of a title. Raises
    NotFound, and Invalid when several are meant.
    """
    if ref is None and sure:
        raise Invalid("SPACE", "name it, since this cannot be undone")
    rows = [row for row in spaces.spaces.list(() if states == OPEN else states) if is_space_id(row.id)]
    found = _own(rows, guest=guest) if ref is None else _named(rows, ref.strip(), sure=sure)
    if not found:
        raise (
            _nothing(ref, states, sure=sure)
            if ref is None
            else _not_named(spaces, ref.strip(), rows, states, sure=sure)
        )
    if len(found) > 1:
        raise _several(ref, found)
    tell(_told(found[0]))
    return found[0]


def _own(rows: Iterable[Space], *, guest: bool) -> list[Space]:
    """Of those that the caller hosts, and for a `guest` of those in which they may speak, the first and those that are as good."""
    mine = [row for row in rows if _hosts(row) or (guest and _is_guest(row))]
    return _first(mine, lambda row: (*_turn(row), not _hosts(row)))


def _hosts(row: Space) -> bool:
    return row.me is not None and row.me.role in _MINE


def _is_guest(row: Space) -> bool:
    return row.me is not None and (row.me.role == Role.SPEAKER or row.me.invite == InviteState.ACCEPTED)


def _first(rows: Sequence[Space], turn: Callable[[Space], tuple[float, ...]]) -> list[Space]:
    best = min(map(turn, rows), default=None)
    return [row for row in rows if turn(row) == best]


def _turn(row: Space) -> tuple[float, float]:
    """Live ones are all alike: none of them is guessed. Of those to come the first one counts, of the past the last."""
    if row.state == State.LIVE:
        return 0, 0.0
    if row.state == State.SCHEDULED:
        return 1, row.scheduled_start.timestamp() if row.scheduled_start is not None else float("inf")
    return 2, -(row.ended_at or row.created_at).timestamp()


def _named(rows: Sequence[Space], text: str, *, sure: bool) -> list[Space]:
    """Those that a text names: what is whole before what only begins so, what goes on before what is over. Of several titles that fit the
    Space counts that would without any; what cannot be undone takes the one alone that fits, or the one alone of these that is live."""
    wanted = text.casefold()
    by_id = [row for row in rows if len(text) >= LEAST and row.id.startswith(text)]
    titled = [row for row in rows if row.title.casefold() == wanted]
    if not (titled or by_id or sure):
        titled = [row for row in rows if row.title.casefold().startswith(wanted)]
    if by_id or sure:
        fitting = [row for row in rows if row in by_id or row in titled]
        going_on = [row for row in fitting if row.state in OPEN] or fitting
        live = [row for row in going_on if row.state == State.LIVE]
        return live if len(live) == 1 and not by_id else going_on
    return _first(titled, _turn)


def _not_named(spaces: Client, text: str, rows: Sequence[Space], states: Sequence[State], *, sure: bool) -> NotFound:
    """The error for a text that names none of these: it may name one that is over, or nearly one of them."""
    error = _nothing(text, states, sure=sure)
    if begun := [row for row in rows if row.title.casefold().startswith(text.casefold())]:
        error.message += f"; did you mean {' or '.join(map(_quoted, begun[:MOST_MEANT]))}?"
        return error
    others = [one for one in State if one not in states]
    over = _named([row for row in spaces.spaces.list(others) if is_space_id(row.id)], text, sure=False)
    if over:
        error.message += f": {_quoted(over[0])} {_OVER.get(over[0].state, f'is {over[0].state}')}"
        error.hint = "`spacesctl list` shows what is live or to come"
    elif near := _nearly(rows, text):
        error.message += f"; did you mean {' or '.join(map(_quoted, near))}?"
    return error


def _nearly(rows: Sequence[Space], text: str) -> list[Space]:
    """Those whose title begins so, has these words in it or is spelled nearly so."""
    from difflib import get_close_matches

    wanted = text.casefold()
    if inside := [row for row in rows if wanted in row.title.casefold()]:
        return inside[:MOST_MEANT]
    said = {
        part: row for row in rows for title in (row.title.casefold(),) for part in (title, title[: len(wanted) + 1])
    }
    return list({said[one].id: said[one] for one in get_close_matches(wanted, said, n=MOST_MEANT)}.values())


def _quoted(row: Space) -> str:
    return f"'{row.title}' ({row.id})"


def _nothing(ref: str | None, states: Sequence[State], *, sure: bool) -> NotFound:
    wanted = "of yours that is live" if states == LIVE else "of yours, live or to come"
    error = NotFound("Space", wanted if ref is None else repr(_shown(ref)))
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
