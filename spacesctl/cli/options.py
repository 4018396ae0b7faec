"""Options added to commands: `--plain` to all, `--url` and `--curl` to those that call the server, `--dry-run` to those that change
something."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from inspect import Parameter
from typing import Annotated

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

Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="The server's address. Default: SPACESCTL_URL, .env, or the profile."),
]

CHANGES = frozenset(
    {
        "account create", "account revoke", "account token", "account link", "account invite", "account recover",
        "account password", "accept", "approve", "block", "cancel", "create", "decline", "demote", "deny",
        "dm", "edit", "end", "follow", "hold", "inbox", "invite", "kick", "lock", "mute", "policy", "post", "profile edit", "promote",
        "raise", "react",
        "record start", "record stop", "redact", "dump", "cough", "panic", "redactions change", "redactions withdraw",
        "remind", "report", "rules clear", "rules push", "schedule delete", "schedule edit", "schedule pause", "schedule resume",
        "schedule skip", "share", "slow", "start", "unblock", "unfollow", "uninvite", "unlock", "unmute", "warn",
        "webhook add", "webhook remove", "privacy erase",
        "notifications add", "notifications remove",
    }
)  # fmt: skip
"""Commands that change something on the server only."""
NAMES_A_SPACE = ("space", "space_or_host", "named")
"""Parameters of commands that may be a Space's link. What is done with it is done on the server that it names."""
_BARE = {"serve", "completion", "help"}
"""Commands without these options: what they print is for programs."""


def added(words: str, command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options that it gets. One that has a parameter `ctx` calls the server."""
    if words in _BARE:
        return command
    signature = inspect.signature(command, eval_str=True)
    extra: list[tuple[str, object, object]] = [("plain", Plain, False)]
    if "ctx" in signature.parameters:
        extra += [("curl", Curl, False), ("at_url", Url, None)]
    if words in CHANGES:
        extra.append(("dry_run", DryRun, False))

    @functools.wraps(command)
    def run(
        *,
        plain: bool,
        curl: bool = False,
        dry_run: bool = False,
        at_url: str | None = None,
        ctx: typer.Context | None = None,
        **given: object,
    ) -> None:
        output.PLAIN.set(plain)
        if ctx is None:
            command(**given)
        else:
            session = ctx.ensure_object(Session)
            session.curl, session.dry_run = curl, dry_run
            session.url = session.url if at_url is None else at_url
            for name in NAMES_A_SPACE:
                if isinstance(ref := given.get(name), str):
                    session.follow(ref)
            command(ctx=ctx, **given)
        if dry_run:
            output.note("dry run: nothing was changed")

    own = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in signature.parameters.values()]
    more = [Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind) for name, kind, default in extra]
    setattr(run, "__signature__", signature.replace(parameters=[*own, *more]))  # noqa: B010  # functions have no such field for mypy
    run.__annotations__ = {one.name: one.annotation for one in [*own, *more]} | {"return": None}
    return run
