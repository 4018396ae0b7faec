"""`console`: a seat in the terminal for who hosts or moderates a Space."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.common import RoomRef, Session, client, no_token
from spacesctl.cli.output import console as terminal
from spacesctl.domain.errors import Invalid


def console(
    ctx: typer.Context,
    space: RoomRef = None,
    mic: Annotated[
        bool,
        typer.Option(
            "--mic",
            help="Hear the Space (ffplay or mpv), and speak with this machine's microphone: `v` opens and closes it.",
        ),
    ] = False,
) -> None:
    """Host or moderate a Space from one screen, with a key for each thing that a host does. It shows who is here, what is said, what rules
    suggest and did; `?` shows the keys.
    """
    if not terminal().is_terminal:
        raise Invalid("the terminal", "is none", hint="`spacesctl watch` prints lines, also into a file or a pipe")
    from spacesctl.cli.seat.app import ConsoleApp, MakeVoice
    from spacesctl.cli.seat.reader import facts

    with client(ctx, anonymous=True) as spaces:
        found = which.whole(spaces, space, guest=True)
        voice: MakeVoice | None = None
        if mic:
            from spacesctl.cli.seat.voice import Voice
            from spacesctl.cli.sound import agree

            profile = ctx.ensure_object(Session).profile()
            if profile.token is None:
                raise no_token(profile)
            agree(found.notice, consent=False)
            voice = partial(Voice, profile.url, profile.token, found.id)

        ConsoleApp(spaces, facts(spaces, found.id), voice).run()
