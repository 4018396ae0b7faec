"""`console`: a seat in the terminal for who hosts or moderates a Space."""

from __future__ import annotations

import typer

from spacesctl.cli import which
from spacesctl.cli.common import RoomRef, client
from spacesctl.cli.output import console as terminal
from spacesctl.domain.errors import Invalid


def console(ctx: typer.Context, space: RoomRef = None) -> None:
    """Host or moderate a Space from one screen, with a key for each thing that a host does. It shows who is here, what is said, what rules
    suggest and did; `?` shows the keys.
    """
    if not terminal().is_terminal:
        raise Invalid("the terminal", "is none", hint="`spacesctl watch` prints lines, also into a file or a pipe")
    from spacesctl.cli.seat.app import ConsoleApp
    from spacesctl.cli.seat.reader import facts

    with client(ctx, anonymous=True) as spaces:
        found = which.whole(spaces, space, guest=True)
        ConsoleApp(spaces, facts(spaces, found.id)).run()
