"""`blocklist follow followed unfollow`: block lists of others that change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import blocklist, complain
from spacesctl.cli.asking import confirm
from spacesctl.cli.common import Json, Session, Yes, client, each
from spacesctl.cli.output import emit_json, note, say, table
from spacesctl.domain.errors import NotFound, SpacesError

if TYPE_CHECKING:
    from spacesctl.cli.answers import FollowedBlocks
    from spacesctl.client.blocklists import BlockList
    from spacesctl.client.followed_lists import Followed
    from spacesctl.client.http import Client

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="The https address of the list, or a file.")]


def follow(
    ctx: typer.Context,
    source: Source,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="KEY", help="Follow it only from this signer: the key, or its beginning."),
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Block the accounts of a list, after it showed whom that would hit, and follow it from then on.

    Later additions come with `blocklist followed --update`. The signer is remembered: another one is never believed. Followed again, it
    asks about what waits. Whom you have unblocked since is left alone.
    """
    from spacesctl.client import blocklists, followed_lists, remote_lists

    named = _named(source)
    found = blocklists.read(remote_lists.fetched(named), source)
    blocklist.require_key(found, key)
    with client(ctx) as spaces:
        before = _before(spaces, named) or _first(spaces, named, found)
        followed_lists.require_same(found, before)
        effects = blocklist.effects_of(spaces, found)
        blocklist.show(found, spaces.url, effects)
        taken = {one.lower() for one in before.taken}
        new = blocklist.without_freed(blocklist.to_block(effects), taken | blocklist.freed(spaces))
        confirm(ctx, f"Block {len(new)} accounts, and follow the list?", yes=yes, always=True)
        done, refused = _block(spaces, found, new)
        known = [one.handle for one in effects if one.handle is not None and one.blocked]
        alone = [one for one in blocklist.to_block(effects) if one not in new]
        decided = [*known, *alone, *done]
        now = followed_lists.changed(followed_lists.with_none_waiting(before), found, decided, [])
    _keep(ctx, now)
    if as_json:
        emit_json(_told(now))
    else:
        say(f"{source} is followed; {len(done)} accounts are blocked now")
    if refused is not None:
        raise typer.Exit(refused.exit_code)


def followed(
    ctx: typer.Context,
    update: Annotated[
        bool,
        typer.Option("--update", help="Fetch them: block who is new in them, but nobody who follows, hosts or speaks."),
    ] = False,
    as_json: Json = False,
) -> None:
    """List the block lists that you follow, and whom you are still to decide on.

    With --update, for cron or a timer, additions that hit nobody you have to do with are blocked at once; the others wait for
    `blocklist follow`.
    """
    first: SpacesError | None = None
    with client(ctx) as spaces:
        lists = _mine(spaces)
        for number, one in enumerate(lists if update else ()):
            try:
                lists[number] = _updated(ctx, spaces, one)
            except SpacesError as error:
                complain(f"{one.source}: {error.message}")
                first = first or error
    rows = [_told(one) for one in lists]
    if as_json:
        emit_json(rows)
    else:
        cells = [(one.source, one.by, one.key[:16], one.made_at, one.accounts, " ".join(one.waiting)) for one in rows]
        table(("SOURCE", "BY", "KEY", "MADE", "ACCOUNTS", "WAITING"), cells, empty="you follow no block list")
    if first is not None:
        raise typer.Exit(first.exit_code)


def unfollow(ctx: typer.Context, source: Source, as_json: Json = False) -> None:
    """Follow a block list no longer. Whom it has blocked stays blocked."""
    from spacesctl.client import followed_lists

    with client(ctx) as spaces:
        one = _before(spaces, _named(source))
    if one is None:
        raise NotFound("followed block list", source)
    if not ctx.ensure_object(Session).dry_run:
        followed_lists.forget(one)
    if as_json:
        emit_json(_told(one))
    else:
        say(f"{source} is not followed any more; `spacesctl unblock` ends a block")


def _updated(ctx: typer.Context, spaces: Client, before: Followed) -> Followed:
    from spacesctl.client import blocklists, followed_lists, remote_lists

    found = blocklists.read(remote_lists.fetched(before.source), before.source)
    followed_lists.require_same(found, before)
    followed_lists.require_kept(before)
    added = [one.handle for one in followed_lists.additions(found, before)]
    harmless, waiting, blocked = followed_lists.parted(blocklist.effects(spaces, added))
    done, _ = _block(spaces, found, harmless)
    if gone := followed_lists.removals(found, before):
        note(f"{before.source}: no longer in it, and still blocked by you: {' '.join(gone)}")
    now = followed_lists.changed(before, found, [*blocked, *done], waiting)
    _keep(ctx, now, only_again=True)
    return now


def _block(spaces: Client, found: BlockList, handles: list[str]) -> tuple[list[str], SpacesError | None]:
    from spacesctl.api.accounts import NewBlock

    reasons = {one.handle.lower(): one.reason for one in found.entries}

    def act(one: str) -> str:
        spaces.accounts.block(one, NewBlock(reason=reasons.get(one.lower(), "")))
        return one

    return each(handles, act)


def _first(spaces: Client, source: str, found: BlockList) -> Followed:
    from spacesctl.client.followed_lists import Followed

    me = spaces.accounts.me().handle
    return Followed(
        source=source, here=spaces.url, by_whom=me, by=found.by, server=found.server, key=found.key, made_at=found.made_at
    )  # fmt: skip


def _mine(spaces: Client) -> list[Followed]:
    from spacesctl.client import followed_lists

    me = spaces.accounts.me().handle
    return [one for one in followed_lists.kept() if (one.here, one.by_whom) == (spaces.url, me)]


def _before(spaces: Client, source: str) -> Followed | None:
    return next((one for one in _mine(spaces) if one.source == source), None)


def _named(source: str) -> str:
    """The address as it is, and of a file the whole path: an update may come from another folder."""
    from spacesctl.client.remote_lists import is_remote

    return source if is_remote(source) else str(Path(source).absolute())


def _keep(ctx: typer.Context, one: Followed, *, only_again: bool = False) -> None:
    from spacesctl.client import followed_lists

    if not ctx.ensure_object(Session).dry_run:
        followed_lists.keep(one, only_again=only_again)


def _told(one: Followed) -> FollowedBlocks:
    from spacesctl.cli.answers import FollowedBlocks

    return FollowedBlocks(
        source=one.source, server=one.server, by=one.by, key=one.key, made_at=one.made_at, accounts=len(one.taken), waiting=one.waiting
    )  # fmt: skip
