"""`profile [PERSON]` and `profile edit`: an account's public profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.common import Json, client, whose
from spacesctl.cli.completion import handles
from spacesctl.cli.feed import show_spaces
from spacesctl.cli.output import emit_json, say
from spacesctl.cli.postview import show_post
from spacesctl.domain.errors import Invalid

if TYPE_CHECKING:
    from spacesctl.api.accounts import DescribedAccount


def show(
    ctx: typer.Context,
    name_handle: Annotated[
        str, typer.Argument(metavar="PERSON", help="A handle, such as @ann.", autocompletion=handles)
    ] = "me",
    as_json: Json = False,
) -> None:
    """Show a profile (default: yours) with its Spaces and latest posts."""
    whom = whose(name_handle)
    mine = whom == "me"
    with client(ctx, anonymous=not mine) as spaces:
        found = spaces.accounts.profile(whom)
    if as_json:
        emit_json(found)
        return
    _who(found)
    say(f"  {found.followers} followers, follows {found.following}")
    show_spaces(found.spaces)
    for post in found.posts:
        show_post(post)


def edit(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Option(help="The name that people see, at most 50 characters.")] = None,
    description: Annotated[str | None, typer.Option(help='At most 160 characters; "" for none.')] = None,
    as_json: Json = False,
) -> None:
    """Change your profile; what you do not give stays as it is."""
    from spacesctl.api.accounts import AboutMe

    if name is None and description is None:
        raise Invalid("profile edit", "say what to change", hint="--name, --description")
    with client(ctx) as spaces:
        found = spaces.accounts.describe(AboutMe(name=name, description=description))
    if as_json:
        emit_json(found)
    else:
        _who(found)


def _who(found: DescribedAccount) -> None:
    say(f"{found.handle}  {found.name}  ({found.kind})")
    if found.description:
        say(f"  {found.description}")
