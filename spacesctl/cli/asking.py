"""Questions to who sits at a terminal. Ctrl-C at a question ends the command with 130, as anywhere else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from spacesctl.cli.common import Session
from spacesctl.domain.errors import Invalid
from spacesctl.support.terminal import write_question

if TYPE_CHECKING:
    from typer._click import Context

MOST_ANSWER = 1_000
"""Characters of an answer that are read."""


def can_ask() -> bool:
    """Whether somebody sits at a terminal. stdin may also be closed."""
    return sys.stdin is not None and sys.stdin.isatty()


def confirm(ctx: Context | None, question: str, *, yes: bool, always: bool = False) -> None:
    """Ask for confirmation, on a terminal only and not for a dry run. What cannot be undone is confirmed `always`:
    where nobody can be asked, with `--yes`. Raises typer.Abort when the answer is no, and Invalid."""
    if yes or (ctx is not None and ctx.ensure_object(Session).dry_run):
        return
    if can_ask():
        if not agreed(question):
            raise typer.Abort
    elif always:
        raise Invalid("--yes", f"is needed where nobody can be asked: {question}")


def agreed(question: str, *, default: bool = False) -> bool:
    """Whether the answer is yes; just Enter is the default. Raises typer.Abort at the end of input."""
    while True:
        write_question(f"{question} [{'Y/n' if default else 'y/N'}]:")
        line = sys.stdin.readline(MOST_ANSWER)
        if not line:
            raise typer.Abort
        answer = line.strip().lower()
        if not answer:
            return default
        if answer in ("y", "yes", "n", "no"):
            return answer[0] == "y"


def answer(question: str, option: str, why: str) -> str:
    """A line of text. Raises Invalid, which names the option and says why it is needed, where nobody can be asked or nothing is said."""
    if can_ask():
        write_question(question)
        if line := sys.stdin.readline(MOST_ANSWER).strip():
            return line
    raise Invalid(option, why)


def secret(name: str) -> str:
    """A line that is not shown as it is typed. Raises typer.Abort at the end of input."""
    from getpass import getpass

    try:
        return getpass(f"{name}: ", stream=sys.stderr).strip()
    except EOFError as error:
        raise typer.Abort from error
