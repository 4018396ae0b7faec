"""`completion`: lets the shell complete commands, options, @handles and Spaces."""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer

from spacesctl.cli.output import clean, say

VARIABLE = "_SPACESCTL_COMPLETE"
PATIENCE = 1.5
"""Seconds that completion waits for the server."""


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="The shell.")],
) -> None:
    """Print a shell's completion script: `eval "$(spacesctl completion bash)"`, in fish `spacesctl completion fish | source`."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # re-exported from a private module

    say(get_completion_script(prog_name="spacesctl", complete_var=VARIABLE, shell=shell.value))
    if shell is Shell.BASH:
        # By default Bash splits words at @ and would complete only what follows it.
        say('COMP_WORDBREAKS="${COMP_WORDBREAKS//@}"')


def prepare() -> None:
    """Load Typer's completion when a shell asks for it. Other runs do not load it, since it takes time."""
    if VARIABLE in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]  # re-exported from a private module

        completion_init()


def spaces(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Ids of live and scheduled Spaces, with their titles."""
    for row in _asked(ctx, "/v1/spaces"):
        if row["id"].startswith(incomplete):
            yield row["id"], clean(f"{row['title']} ({row['state']}, {row['host']['handle']})").replace("\n", " ")


def handles(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Handles of the people in the given Space, of those whom you follow, and (for operators) of all accounts."""
    bare = bool(incomplete) and not incomplete.startswith("@")
    space = ctx.params.get("space")
    places = [f"/v1/spaces/{space}/people"] if space else []
    seen: set[str] = set()
    for place in [*places, "/v1/accounts/me/following", "/v1/accounts"]:
        for row in _asked(ctx, place):
            found = row["handle"].removeprefix("@" if bare else "")
            if found.lower().startswith(incomplete.lower()) and found not in seen:
                seen.add(found)
                yield found, clean(row.get("name") or "").replace("\n", " ")


def _asked(ctx: typer.Context, path: str) -> list[dict[str, Any]]:
    """The rows of a list of the API; [] after any error, since a message would disturb the shell's prompt."""
    from spacesctl.client import profile
    from spacesctl.client.http import Client
    from spacesctl.domain.errors import SpacesError

    try:
        found = profile.find(ctx.find_root().params.get("url"))
        with Client(found.url, found.token, timeout=PATIENCE) as client:
            rows: list[dict[str, Any]] = client.get(path)["data"]
    except (SpacesError, OSError):
        return []
    return rows
