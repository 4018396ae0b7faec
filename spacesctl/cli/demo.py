"""`demo`: a whole Space on this machine, in a temporary folder."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from spacesctl.cli.common import Json
from spacesctl.cli.output import console, emit_json
from spacesctl.domain.errors import Invalid

LEAST_SECONDS = 5.0
"""A shorter demo would end before the first sentence."""


class CastName(StrEnum):
    CAST_A = "cast_a"
    CAST_B = "cast_b"


def demo(
    seconds: Annotated[
        float | None,
        typer.Option(min=LEAST_SECONDS, help="Seconds until it ends; 30 show everything. Default: until Ctrl-C."),
    ] = None,
    cast: Annotated[CastName, typer.Option(help="The speakers.")] = CastName.CAST_A,
    raid: Annotated[
        bool, typer.Option("--raid", help="Forty accounts disturb a Space, and five commands bring it to order.")
    ] = False,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the Space's page.")] = True,
    seat: Annotated[
        bool, typer.Option("--console", help="Open the host's console in this terminal; leaving it (q) ends the demo.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run a whole Space and measure it: voices over WebRTC and WebSocket, captions, rules that mute a speaker and keep words from the
    audience, a host who removes somebody."""
    if raid:
        _raid(as_json=as_json)
        return
    if seat and not console().is_terminal:
        raise Invalid("--console", "needs a terminal")
    from spacesctl.demo.run import run
    from spacesctl.demo.view import summary

    result = run(cast.value, seconds, browser=browser, console=seat)
    if as_json:
        emit_json(result)
    else:
        console().print(summary(result))


def _raid(*, as_json: bool) -> None:
    from spacesctl.cli.output import say
    from spacesctl.demo import raid

    result = raid.run()
    if as_json:
        emit_json(result)
        return
    for line in raid.summary(result).splitlines():
        say(line)
