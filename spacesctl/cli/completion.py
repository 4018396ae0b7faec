"""`completion`: lets the shell complete commands, options, @handles and Spaces."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from spacesctl.domain.ids import is_space_id, parse_handle
from spacesctl.support.terminal import write_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacesctl.api.accounts import OverseenAccount
    from spacesctl.client.http import Client

T = TypeVar("T")
VARIABLE = "_SPACESCTL_COMPLETE"
PATIENCE = 1.5
"""Seconds that completion waits for the server."""
MOST = 100
"""Rows that are asked for: one page."""


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="The shell.")],
) -> None:
    """Print a shell's completion script: `eval "$(spacesctl completion bash)"`, in fish `spacesctl completion fish | source`."""
    from spacesctl.cli import shells

    write_line(shells.script(shell.value).strip())


def prepare() -> None:
    """Load Typer's completion when a shell asks for it. Other runs do not load it, since it takes time."""
    if VARIABLE in os.environ:
        from spacesctl.cli import shells

        shells.register()


def spaces(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Ids of live and scheduled Spaces, with their titles. Where the Space may be left out and people come next, also handles."""
    if incomplete.startswith("@") and any(one.name == "handles" for one in ctx.command.params):
        yield from handles(ctx, incomplete)
        return
    for row in _asked(ctx, lambda client: client.spaces.list()):
        if is_space_id(row.id) and row.id.startswith(incomplete):
            yield row.id, f"{row.title} ({row.state}, {row.host.handle})"


def handles(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Handles of the people in the given Space, of those whom you follow, and (for operators) of all accounts; also after a comma."""
    before, comma, incomplete = incomplete.rpartition(",")
    bare = bool(incomplete) and not incomplete.startswith("@")
    space = ctx.params.get("space")
    seen: set[str] = set()
    for handle, name in _known(ctx, space if isinstance(space, str) else None):
        found = handle.removeprefix("@" if bare else "")
        if parse_handle(handle) is None:
            continue  # no server of ours has such a one
        if found.lower().startswith(incomplete.lower()) and found not in seen:
            seen.add(found)
            yield f"{before}{comma}{found}", name


def commands(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """The commands that may follow the words of `help`, with their summaries."""
    from spacesctl.cli.commands import ROOT
    from spacesctl.cli.lazy import Noun

    noun: object = ROOT
    given = ctx.params.get("words")
    for word in given if isinstance(given, list | tuple) else ():
        noun = noun.commands.get(str(word)) if isinstance(noun, Noun) else None
    if isinstance(noun, Noun):
        yield from ((name, one.help) for name, one in noun.commands.items() if name.startswith(incomplete))


def _known(ctx: typer.Context, space: str | None) -> Iterator[tuple[str, str]]:
    ways: list[Callable[[Client], Iterator[tuple[str, str]]]] = [
        lambda client: ((one.handle, one.name) for one in client.accounts.following()),
        lambda client: ((one.handle, one.name) for one in client.accounts.list() if _may_act(ctx, one)),
    ]
    if any(one.name == "space" for one in ctx.command.params):
        ways.insert(
            0, lambda client: ((one.handle, one.name) for one in client.people.list(_meant(client, space)).data)
        )
    for way in ways:
        yield from _asked(ctx, way)


def _meant(client: Client, space: str | None) -> str:
    """The id of the Space that is typed before, or of the caller's own. Raises SpacesError."""
    from spacesctl.cli import which

    return which.known(space) or which.looked_up(client, space, tell=lambda _: None).id


def _may_act(ctx: typer.Context, one: OverseenAccount) -> bool:
    """Who is suspended is offered to `account` alone, which can restore it."""
    return one.suspended_at is None or (ctx.parent is not None and ctx.parent.info_name == "account")


def _asked(ctx: typer.Context, ask: Callable[[Client], Iterable[T]]) -> list[T]:
    """The first rows of a list of the API; [] after any error, since a message would disturb the shell's prompt."""
    from spacesctl.client import profile
    from spacesctl.client.http import Client
    from spacesctl.domain.errors import SpacesError

    url = ctx.params.get("at_url") or ctx.find_root().params.get("url")
    try:
        found = profile.find(url if isinstance(url, str) else None)
        with Client(found.url, found.token, timeout=PATIENCE) as client:
            return list(islice(ask(client), MOST))
    except (SpacesError, OSError):
        return []
