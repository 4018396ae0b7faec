"""The progress line of commands that take a while."""

from __future__ import annotations

from rich.progress import Progress, TextColumn, TimeElapsedColumn

from spacesctl.cli.output import console


def progress(what: str) -> Progress:
    """A progress line on stderr; nothing when that is no terminal."""
    out = console(err=True)
    return Progress(TextColumn(what), TimeElapsedColumn(), console=out, transient=True, disable=not out.is_terminal)
