"""The root command: its options, and the commands of `cli.commands` below it."""

from __future__ import annotations

from typing import Annotated

import typer

from spacesctl import __version__
from spacesctl.cli.commands import ROOT
from spacesctl.cli.common import Session
from spacesctl.cli.lazy import LazyGroup
from spacesctl.cli.output import say


class _Root(LazyGroup):
    noun = ROOT


app = typer.Typer(
    cls=_Root,
    help=ROOT.help,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"spacesctl {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    url: Annotated[
        str | None, typer.Option(help="The server's URL. Default: SPACESCTL_URL, .env, or the profile.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    ctx.obj = Session(url)
