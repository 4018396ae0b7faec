"""The root command: its options, and the commands of `cli.commands` below it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from spacesctl import __version__
from spacesctl.cli.commands import ROOT
from spacesctl.cli.common import Session
from spacesctl.cli.lazy import LazyGroup
from spacesctl.cli.output import say
from spacesctl.support.text import one_line

if TYPE_CHECKING:
    from typer._click import Context


class _Root(LazyGroup):
    noun = ROOT

    def make_context(
        self, info_name: str | None, args: list[str], parent: Context | None = None, **extra: object
    ) -> Context:
        with _clean_errors():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Context) -> object:
        with _clean_errors():
            return super().invoke(ctx)


@contextmanager
def _clean_errors() -> Iterator[None]:
    """Typer prints what is wrong with the arguments itself, and quotes them: they may be pasted from anywhere."""
    try:
        yield
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # Typer does not export it
            raise  # the help is ours, and has lines
        setattr(error, "format_message", partial(one_line, error.format_message()))  # noqa: B010  # it is a method
        raise


app = typer.Typer(
    cls=_Root,
    help=ROOT.help,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
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
