"""Options added to commands: `--plain` to all, `--curl` to those that call the server, `--dry-run` to those that change something."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from inspect import Parameter
from typing import Annotated, Any

import typer

from spacesctl.cli import output
from spacesctl.cli.common import Session

Plain = Annotated[
    bool,
    typer.Option(
        "--plain", envvar="SPACESCTL_PLAIN", help="Plain lines of text without tables or colours, for screen readers."
    ),
]
Curl = Annotated[bool, typer.Option("--curl", help="Print each call to the server as a curl command, on stderr.")]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="The server checks the change and answers as if it were made, but changes nothing."),
]

CHANGES = frozenset(
    {
        "account create", "account revoke", "account token", "accept", "approve", "block", "cancel", "create", "decline", "demote", "deny",
        "dm", "edit", "end", "follow", "invite", "kick", "mute", "policy", "post", "profile edit", "promote", "raise", "react",
        "record start", "record stop",
        "remind", "report", "rules clear", "rules push", "schedule delete", "schedule edit", "schedule pause", "schedule resume",
        "schedule skip", "share", "start", "unblock", "unfollow", "uninvite", "unmute", "webhook add", "webhook remove",
        "notifications add", "notifications remove",
    }
)  # fmt: skip
"""Commands that change something on the server only."""
_BARE = {"serve", "completion"}
"""Commands without these options: what they print is for programs."""


def install(app: typer.Typer) -> None:
    """Add the options to every command of the tree. A command that has a parameter `ctx` calls the server."""
    for name, info in commands(app):
        if info.callback is None or name in _BARE:
            continue
        talks = "ctx" in inspect.signature(info.callback).parameters
        extra: dict[str, Any] = {"plain": Plain}
        if talks:
            extra["curl"] = Curl
        if name in CHANGES:
            extra["dry_run"] = DryRun
        info.callback = _with_options(info.callback, extra)


def commands(app: typer.Typer, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each command of the tree: its words, such as "schedule skip", and its registration."""
    for info in app.registered_commands:
        yield f"{prefix}{info.name}", info
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from commands(group.typer_instance, f"{prefix}{group.name} ")


def _with_options(command: Callable[..., None], extra: dict[str, Any]) -> Callable[..., None]:
    """The command with further keyword parameters (name -> annotation), which are handled before it runs."""

    @functools.wraps(command)
    def run(*, plain: bool, curl: bool = False, dry_run: bool = False, **given: Any) -> None:
        output.PLAIN.set(plain)
        if "ctx" in given:
            session = given["ctx"].ensure_object(Session)
            session.curl, session.dry_run = curl, dry_run
        command(**given)
        if dry_run:
            output.note("dry run: nothing was changed")

    signature = inspect.signature(command, eval_str=True)
    own = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in signature.parameters.values()]
    added = [Parameter(name, Parameter.KEYWORD_ONLY, default=False, annotation=kind) for name, kind in extra.items()]
    run.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]  # read by inspect.signature
    run.__annotations__ = {one.name: one.annotation for one in [*own, *added]} | {"return": None}
    return run
