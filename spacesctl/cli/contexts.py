"""`context list|use`: the servers that one is logged in to, and which one is meant when none is named."""

from __future__ import annotations

from typing import Annotated

import typer

from spacesctl.cli.common import Json
from spacesctl.cli.output import emit_json, say, table
from spacesctl.domain.errors import Invalid


def list_contexts(as_json: Json = False) -> None:
    """List the servers that you are logged in to."""
    from spacesctl.cli.answers import LoggedIn
    from spacesctl.client import kept_tokens

    found = kept_tokens.read()
    rows = [
        LoggedIn(server=server, handle=one.handle, kept_in=one.kept_in, current=server == found.current)
        for server, one in found.servers.items()
    ]
    if as_json:
        emit_json(rows)
        return
    table(
        ("SERVER", "PERSON", "TOKEN IN", "IN USE"),
        [(one.server, one.handle, one.kept_in, one.current) for one in rows],
        empty="you are logged in nowhere",
    )


def use(
    server: Annotated[str, typer.Argument(metavar="URL", help="The server's address, or how it begins.")],
    as_json: Json = False,
) -> None:
    """Use this server when none is named."""
    from spacesctl.cli.answers import LoggedIn
    from spacesctl.client import kept_tokens

    found = kept_tokens.read()
    meant = [one for one in found.servers if _names(server, one)]
    if len(meant) != 1:
        problem = "names several of the servers" if meant else "is none of the servers"
        raise Invalid("URL", f"{server!r} {problem} that you are logged in to", hint="`spacesctl context list`")
    kept_tokens.use(meant[0])
    one = found.servers[meant[0]]
    if as_json:
        emit_json(LoggedIn(server=meant[0], handle=one.handle, kept_in=one.kept_in, current=True))
    else:
        say(f"{meant[0]} is used when no server is named, as {one.handle}")


def _names(text: str, server: str) -> bool:
    text = text.rstrip("/")
    return server == text or server.startswith(text) or server.partition("://")[2].startswith(text)
