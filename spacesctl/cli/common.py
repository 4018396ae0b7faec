"""What commands share: options, the client of the chosen profile, references to Spaces."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

import typer

from spacesctl.client import profile
from spacesctl.client.http import Client
from spacesctl.domain.errors import Invalid, NotSignedIn
from spacesctl.domain.ids import is_space_id, parse_handle

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
SpaceRef = Annotated[str, typer.Argument(metavar="SPACE", help="The Space's id, or its link.")]
Handle = Annotated[str, typer.Argument(metavar="@HANDLE")]
Handles = Annotated[list[str], typer.Argument(metavar="@HANDLE...")]


@dataclass
class Session:
    """What the root command was given; the profile is looked up when a command first needs it.

    There is no flag for the token: everybody on the machine can read a command line.
    """

    url: str | None = None

    def profile(self) -> profile.Profile:
        return profile.find(self.url)


def client(ctx: typer.Context, *, anonymous: bool = False) -> Client:
    """Raises NotSignedIn when there is no token and the command needs one."""
    found = ctx.ensure_object(Session).profile()
    if found.token is None and not anonymous:
        raise NotSignedIn("no token is set")
    return Client(found.url, found.token)


def space_id(ref: str) -> str:
    """The id in an id or a link. Raises Invalid."""
    bare = urlsplit(ref).path.rsplit("/", 1)[-1] if "/" in ref else ref
    if not is_space_id(bare):
        raise Invalid("SPACE", f"{ref!r} is neither a Space's id (13 letters and digits) nor its link")
    return bare


def handle(text: str) -> str:
    """`@bare` for a path. Raises Invalid."""
    bare = parse_handle(text)
    if bare is None:
        raise Invalid("@HANDLE", f"{text!r} is not a handle")
    return f"@{bare}"


def confirm(question: str, *, yes: bool) -> None:
    """Ask on a terminal; scripts are taken at their word."""
    if not yes and sys.stdin.isatty():
        typer.confirm(question, abort=True, err=True)


_SPAN = re.compile(r"\+(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def span_seconds(text: str) -> int | None:
    """Seconds of `+2h`, `+1d12h`, `+90m`; None when it is not such a span."""
    match = _SPAN.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
