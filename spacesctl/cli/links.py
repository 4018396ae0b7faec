"""`account link|invite|recover`: links that are good for one use, also as a code for a telephone's camera."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.asking import confirm
from spacesctl.cli.common import Handle, Json, client, whose
from spacesctl.cli.common import Yes as Confirmed
from spacesctl.cli.output import PLAIN, clock, emit_json, note, say
from spacesctl.support.terminal import write_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacesctl.api.sign_in import MadeLink, SignUpLink


def link(
    ctx: typer.Context,
    name_handle: Annotated[str, typer.Argument(metavar="PERSON", help="Default: your own account.")] = "me",
    space: Annotated[
        str | None, typer.Option("--space", metavar="SPACE", help="Open this Space with it. Default: the account.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a link that signs you in once, such as on your telephone, or (operators) anybody."""
    from spacesctl.api.sign_in import NewLink
    from spacesctl.cli import which

    with client(ctx) as spaces:
        new = NewLink(space_id=which.one(spaces, space) if space is not None else None)
        made = spaces.accounts.make_link(whose(name_handle), new)
    _show(made, f"{made.handle} is signed in by this link, once", as_json=as_json)


def invite(ctx: typer.Context, as_json: Json = False) -> None:
    """Make a link with which somebody may make an account. (Operators only.)"""
    with client(ctx) as spaces:
        made = spaces.accounts.invite()
    _show(made, "somebody can make an account with this link, once", as_json=as_json)


def recover(ctx: typer.Context, name_handle: Handle, yes: Confirmed = False, as_json: Json = False) -> None:
    """Let somebody in again: their password and passkeys go, their sessions end, and a link signs them in once. (Operators only.)"""
    confirm(ctx, f"Remove the password and the passkeys of {name_handle}, and end their sessions?", yes=yes)
    with client(ctx) as spaces:
        made = spaces.accounts.recover(whose(name_handle))
    ended = f"{made.ended} {'session' if made.ended == 1 else 'sessions'} ended"
    _show(made, f"{ended}, tokens stay; {made.handle} is signed in by this link, once", as_json=as_json)


def _show(made: MadeLink | SignUpLink, what: str, *, as_json: bool) -> None:
    if as_json:
        emit_json(made)
        return
    note(f"{what}, until {clock(made.expires_at)}:")
    say(made.url)
    show_code(made.url)


def show_code(url: str) -> None:
    """Draw an address as a QR code, where somebody looks at a terminal."""
    if PLAIN.get() or sys.stderr is None or not sys.stderr.isatty():
        return
    for line in drawn(url):
        write_line(line, err=True)


def drawn(url: str) -> list[str]:
    """The lines of a QR code, each two rows of it. What is light is drawn, as terminals are dark."""
    import segno

    rows = [list(row) for row in segno.make(url, error="l", micro=False).matrix_iter(border=2)]
    below = [*rows[1::2], [0] * len(rows[0])] if len(rows) % 2 else rows[1::2]
    return ["".join(_block(up, down) for up, down in zip(*pair, strict=True)) for pair in _pairs(rows[::2], below)]


def _pairs(upper: Iterable[list[int]], lower: Iterable[list[int]]) -> Iterable[tuple[list[int], list[int]]]:
    return zip(upper, lower, strict=True)


def _block(up: int, down: int) -> str:
    return {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}[min(up, 1), min(down, 1)]
