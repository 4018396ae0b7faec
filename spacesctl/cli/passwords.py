"""`account password`: one's own password for the page. It is asked for, or comes on stdin, and never stands in a command line."""

from __future__ import annotations

import sys

import typer

from spacesctl.cli.asking import can_ask, secret
from spacesctl.cli.common import Json, client
from spacesctl.cli.output import emit_json, say
from spacesctl.domain.errors import Invalid

MOST = 1_000
"""Characters of what is read from stdin."""


def password(ctx: typer.Context, as_json: Json = False) -> None:
    """Set or change the password with which you sign in to the page; your other sessions end. On stdin: the present one, the new one."""
    from spacesctl.api.sign_in import NewPassword

    current, new = _asked() if can_ask() else _given()
    with client(ctx) as spaces:
        done = spaces.accounts.set_password(NewPassword(password=new, current=current or None))
    if as_json:
        emit_json(done)
    else:
        say(f"the password is set; {done.ended} other {'session' if done.ended == 1 else 'sessions'} ended")


def _asked() -> tuple[str, str]:
    current = secret("The present password (nothing, if there is none)")
    new = secret("A new one of at least 10 characters")
    if secret("The new one again") != new:
        raise Invalid("password", "the two are not the same")
    return current, new


def _given() -> tuple[str, str]:
    """A line for each; the present one is left out where there is none."""
    lines = sys.stdin.read(MOST).splitlines() if sys.stdin is not None else []
    if not 1 <= len(lines) <= 2:
        raise Invalid(
            "stdin", "give the present password and the new one, a line each; the new one alone if there is none"
        )
    return ("", lines[0]) if len(lines) == 1 else (lines[0], lines[1])
