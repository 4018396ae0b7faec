"""`profile [@HANDLE]` and `profile edit`: an account's public profile."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from spacesctl.cli.common import Json, client, handle
from spacesctl.cli.completion import handles
from spacesctl.cli.feed import show_spaces
from spacesctl.cli.output import clean, emit_json, say
from spacesctl.cli.posts import show_post
from spacesctl.domain.errors import Invalid


class _ShowUnlessSaid(TyperGroup):
    """`profile`, `profile @ann` and `profile --json` mean `profile show ...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named else ["show", *args])


profile = typer.Typer(help="Public profiles: profile [@HANDLE].", cls=_ShowUnlessSaid)


@profile.command("show")
def show(
    ctx: typer.Context,
    name_handle: Annotated[str, typer.Argument(metavar="[@HANDLE]", autocompletion=handles)] = "me",
    as_json: Json = False,
) -> None:
    """Show a profile (default: yours) with its Spaces and latest posts."""
    mine = name_handle == "me"
    with client(ctx, anonymous=not mine) as spaces:
        found = spaces.get(f"/v1/accounts/{'me' if mine else handle(name_handle)}/profile")
    if as_json:
        emit_json(found)
        return
    _who(found)
    say(f"  {found['followers']} followers, follows {found['following']}")
    show_spaces(found["spaces"])
    for post in found["posts"]:
        show_post(post)


@profile.command("edit")
def edit(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Option(help="The name that people see, at most 50 characters.")] = None,
    description: Annotated[str | None, typer.Option(help='At most 160 characters; "" for none.')] = None,
    as_json: Json = False,
) -> None:
    """Change your profile; what you do not give stays as it is."""
    change = {key: value for key, value in (("name", name), ("description", description)) if value is not None}
    if not change:
        raise Invalid("profile edit", "say what to change", hint="--name, --description")
    with client(ctx) as spaces:
        found = spaces.patch("/v1/accounts/me", change)
    if as_json:
        emit_json(found)
    else:
        _who(found)


def _who(found: dict[str, Any]) -> None:
    say(f"{found['handle']}  {clean(found['name'])}  ({found['kind']})")
    if found["description"]:
        say(f"  {clean(found['description'])}")
