"""`blocklist export import`: block lists as signed files that people share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli.asking import confirm
from spacesctl.cli.common import Json, Yes, client, each
from spacesctl.cli.output import emit_json, note, say
from spacesctl.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from spacesctl.api.accounts import BlockEffect
    from spacesctl.api.people import Sanction
    from spacesctl.cli.answers import SharedBlocks
    from spacesctl.client.blocklists import BlockList
    from spacesctl.client.http import Client

AT_ONCE = 500
"""Accounts of which one request asks."""
File = Annotated[Path, typer.Argument(metavar="FILE", help="The list.")]


def export(ctx: typer.Context, file: File, as_json: Json = False) -> None:
    """Write the accounts that you block, with the reasons, into a signed file.

    It is signed with a key of yours, which is made the first time; who takes the list over sees whose key it is. Handles are those of this
    server.
    """
    from datetime import UTC, datetime

    from spacesctl.api.wire import Time
    from spacesctl.client import blocklists

    with client(ctx) as spaces:
        rows, me = list(spaces.accounts.blocklist()), spaces.accounts.me()
        entries = [blocklists.Entry(handle=one.handle, reason=one.reason[:280]) for one in rows]
        bare = blocklists.BlockList(
            schema=blocklists.SCHEMA,
            server=spaces.url,
            by=me.handle,
            made_at=Time.of(datetime.now(UTC)),
            entries=entries,
            key="0" * 64,
        )
    made = blocklists.signed(bare, blocklists.own_key())
    file.write_bytes(blocklists.written(made))
    if as_json:
        emit_json(_told(made, len(entries)))
    else:
        say(f"{file}: {len(entries)} accounts, signed by {made.key[:16]}")


def take_over(
    ctx: typer.Context,
    file: File,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="KEY", help="Take it only from this signer: the key, or its beginning."),
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Block the accounts of a list, after it showed whom of followers, hosts and speakers that would hit.

    A list that was changed since it was signed is refused. Each block has the list's reason, and is undone by itself. Whom you have
    unblocked since is left alone.
    """
    from spacesctl.api.accounts import NewBlock
    from spacesctl.client import blocklists
    from spacesctl.client.files import read_regular

    found = blocklists.read(read_regular(file, blocklists.MOST_BYTES + 1), str(file))
    require_key(found, key)
    with client(ctx) as spaces:
        effects = effects_of(spaces, found)
        show(found, spaces.url, effects)
        new = without_freed(to_block(effects), freed(spaces))
        if new:
            confirm(ctx, f"Block {len(new)} accounts?", yes=yes, always=True)
        reasons = {one.handle.lower(): one.reason for one in found.entries}

        def act(one: str) -> str:
            spaces.accounts.block(one, NewBlock(reason=reasons.get(one, "")))
            return one

        done, refused = each(new, act)
    if as_json:
        emit_json(_told(found, len(done)))
    else:
        say(f"{len(done)} accounts are blocked now; `spacesctl sanctions --blocks` has them")
    if refused is not None:
        raise typer.Exit(refused.exit_code)


def to_block(effects: list[BlockEffect]) -> list[str]:
    """The handles of those who are here and not blocked yet."""
    return [one.handle for one in effects if one.handle is not None and not one.blocked]


def freed(spaces: Client) -> set[str]:
    """The handles of those whom the user had blocked and has unblocked by hand, as far as the server lists it."""
    newest: dict[str, Sanction] = {}
    for one in spaces.accounts.block_sanctions():
        if one.target is not None:
            newest.setdefault(one.target.handle.lower(), one)
    return {handle for handle, one in newest.items() if one.how == "undone"}


def without_freed(handles: list[str], freed: Collection[str]) -> list[str]:
    """The others of these; those who are left alone are said on stderr."""
    alone = [one for one in handles if one.lower() in freed]
    if alone:
        note(f"left alone, since you have unblocked them: {' '.join(alone)}; `spacesctl block` blocks them again")
    return [one for one in handles if one not in alone]


LEAST_KEY = 16
"""Characters of a key that name it."""


def require_key(found: BlockList, key: str | None) -> None:
    """Raise Invalid when the list is not signed by who was named, if somebody was."""
    if key is not None and (len(key) < LEAST_KEY or not found.key.startswith(key.lower())):
        raise Invalid("--key", f"the list is signed by {found.key}")


def effects_of(spaces: Client, found: BlockList) -> list[BlockEffect]:
    """What blocking each of a list's accounts would do."""
    return list(effects(spaces, [one.handle for one in found.entries]))


def effects(spaces: Client, handles: list[str]) -> Iterator[BlockEffect]:
    """The same for these handles."""
    for start in range(0, len(handles), AT_ONCE):
        yield from spaces.accounts.preview_blocks(handles[start : start + AT_ONCE])


def show(found: BlockList, here: str, effects: list[BlockEffect]) -> None:
    """What the list is, and whom of those that matter to you it would hit, on stderr."""
    new = [one for one in effects if one.handle is not None and not one.blocked]
    server = " ".join(found.server.split())
    note(f"a list of {found.by} at {server}, made {found.made_at:%Y-%m-%d}, signed by {found.key[:16]}")
    if found.server.rstrip("/") != here.rstrip("/"):
        note("it was made on another server: a handle may be somebody else's here")
    strangers = sum(one.handle is None for one in effects)
    known = sum(one.blocked for one in effects)
    note(f"{len(new)} to block, {known} blocked already, {strangers} not here")
    marks = {
        "follows_you": "follows you",
        "you_follow": "you follow",
        "hosts": "hosts",
        "speaks": "speaks in your Space",
    }
    for one in new:
        if hit := [text for name, text in marks.items() if getattr(one, name)]:
            note(f"{one.handle}: {', '.join(hit)}")


def _told(one: BlockList, count: int) -> SharedBlocks:
    from spacesctl.cli.answers import SharedBlocks

    return SharedBlocks(server=one.server, by=one.by, key=one.key, accounts=count)
