"""`demo`: a whole Space on this machine, in a folder that goes when it ends."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from spacesctl.cli.common import Json
from spacesctl.cli.output import console, emit_json

LEAST_SECONDS = 5.0
"""A shorter demo would end before anybody has said a sentence."""


class CastName(StrEnum):
    CAST_A = "cast_a"
    CAST_B = "cast_b"


def demo(
    seconds: Annotated[
        float | None, typer.Option(min=LEAST_SECONDS, help="End by itself; else Ctrl-C ends it. 30 show everything.")
    ] = None,
    cast: Annotated[CastName, typer.Option(help="Who speaks.")] = CastName.CAST_A,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the Space's page.")] = True,
    as_json: Json = False,
) -> None:
    """Show a whole Space: voices over WebRTC and lanes, captions, a rule that acts, a host who kicks; then measure it."""
    from spacesctl.demo.run import run
    from spacesctl.demo.view import summary

    result = run(cast.value, seconds, browser=browser)
    if as_json:
        emit_json(result)
    else:
        console().print(summary(result))
