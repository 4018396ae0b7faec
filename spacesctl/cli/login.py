"""`login` and `logout`: a token for each server, kept in the system's keyring or in a file that nobody else can read."""

from __future__ import annotations

import os
import socket
import sys
from time import sleep
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.asking import can_ask, secret
from spacesctl.cli.common import Json, plain_client
from spacesctl.cli.links import show_code
from spacesctl.cli.output import emit_json, note, say
from spacesctl.domain.errors import Invalid, NotSignedIn, Refused, SpacesError, TooMany, Unavailable

if TYPE_CHECKING:
    from spacesctl.api.devices import DeviceCode
    from spacesctl.client.http import Client

MOST_TOKEN = 200
Server = Annotated[str | None, typer.Argument(metavar="URL", help="The server's address. Default: the one in use.")]


def login(
    ctx: typer.Context,
    server: Server = None,
    with_token: Annotated[
        bool, typer.Option("--with-token", help="Read a token from stdin, instead of asking in a browser.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Log in to a server: a person lets this command line in, in a browser, by comparing a code."""
    from spacesctl.cli.answers import LoggedIn
    from spacesctl.client import kept_tokens

    with plain_client(ctx, server, None) as spaces:
        url = spaces.url
        token = _typed() if with_token else _let_in(spaces)
    with plain_client(ctx, url, token) as mine:
        me = mine.accounts.me()
    try:
        place = kept_tokens.keep(url, me.handle, token)
    except OSError as error:
        raise Invalid(str(kept_tokens.contexts_path()), f"cannot be written: {error.strerror or error}") from error
    if as_json:
        emit_json(LoggedIn(server=url, handle=me.handle, kept_in=place, current=True))
    else:
        where = "the system's keyring" if place == "keyring" else str(kept_tokens.contexts_path())
        say(f"you are {me.handle} at {url}; the token is in {where}")
    if os.environ.get("SPACESCTL_TOKEN"):
        note("SPACESCTL_TOKEN is set, and goes before what you logged in with")


def _typed() -> str:
    token = secret("Token") if can_ask() else (sys.stdin.read(MOST_TOKEN) if sys.stdin is not None else "").strip()
    if not token:
        raise Invalid("--with-token", "there is no token on stdin")
    return token


def _let_in(spaces: Client) -> str:
    """Wait until a person lets us in. Raises NotAllowed when they do not, NotSignedIn when nobody does in time."""
    from spacesctl.api.devices import NewDevice

    asked = spaces.devices.ask(NewDevice(label=f"spacesctl on {socket.gethostname()}"[:50]))
    note(f"open {asked.whole_url} where you are signed in, and compare the code:")
    note(f"    {asked.user_code}")
    show_code(asked.whole_url)
    return _wait(spaces, asked)


def _wait(spaces: Client, asked: DeviceCode) -> str:
    from spacesctl.api.devices import DeviceQuestion

    question = DeviceQuestion(device_code=asked.device_code)
    pause = min(max(asked.interval, 1), 60)
    for _ in range(1 + 3_600 // pause):
        try:
            return spaces.devices.take(question).token
        except Refused as error:
            if error.reason != "pending":
                raise
        except (TooMany, Unavailable):  # later, perhaps; the code ends by itself
            pass
        sleep(pause)
    raise NotSignedIn("nobody let this program in", hint="begin again: spacesctl login")


def logout(ctx: typer.Context, server: Server = None, as_json: Json = False) -> None:
    """Log out of a server: the token is revoked there, and forgotten here."""
    from spacesctl.cli.answers import LoggedOut
    from spacesctl.client import kept_tokens

    found = kept_tokens.read()
    with plain_client(ctx, server, None) as spaces:
        url = spaces.url
    try:
        token = kept_tokens.token_of(url, found)
    except NotSignedIn:
        kept_tokens.forget(url)
        raise
    if token is None:
        raise NotSignedIn(f"you are not logged in to {url}", hint="`spacesctl context list` shows where you are")
    kept_tokens.forget(url)
    try:
        with plain_client(ctx, url, token) as mine:
            _revoke(mine)
    except NotSignedIn:  # it was revoked before
        pass
    except SpacesError as error:
        raise Unavailable(
            f"the token for {url} is forgotten here, but could not be revoked there: {error.message}"
        ) from error
    if as_json:
        emit_json(LoggedOut(server=url))
    else:
        say(f"you are logged out of {url}")


def _revoke(mine: Client) -> None:
    for one in mine.accounts.tokens():
        if one.current:
            mine.accounts.revoke_token("me", one.id)
