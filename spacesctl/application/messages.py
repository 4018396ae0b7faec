"""Direct messages and posts: what one account writes to another, or to all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from spacesctl.application.app import App
from spacesctl.application.once import Keep
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.domain.posts import Clip, Post, checked_text
from spacesctl.domain.principals import Person
from spacesctl.domain.words import Role
from spacesctl.store import accounts, clips, direct_messages, posts, sanctions


@dataclass(frozen=True)
class Sent:
    """A direct message that was sent."""

    id: int
    to: Account
    clip: Clip | None
    at: datetime


async def send_message(app: App, person: Person, ref: str, text: str, clip_id: str | None, keep: Keep[Sent]) -> Sent:
    """Send a direct message. Raises Invalid, NotFound, or Refused with reason `blocked` or `dms_muted`."""
    if not text and clip_id is None:
        raise Invalid("text", "is empty", hint="write something, or add a voice clip")
    now, me = app.clock.now(), person.account_id or ""
    kept_from = await _kept_from(app, me)
    async with app.begin(person) as db:
        to = await accounts.present(db, ref)
        if to.id in kept_from:
            why = f"you were removed from a Space of @{to.handle}, and cannot message its staff while that lasts"
            raise Refused("dms_muted", why)
        if await accounts.block_between(db, me, to.id):
            raise Refused("blocked", f"there is a block between you and @{to.handle}")
        clip = await clips.unused(db, clip_id, me) if clip_id is not None else None
        sent = Sent(await direct_messages.send_dm(db, me, to.id, text, now, clip_id=clip_id), to, clip, now)
        await keep(db, sent, now)
    return sent


async def _kept_from(app: App, account_id: str) -> frozenset[str]:
    """The hosts and co-hosts of the Spaces from which the account is kicked together with its messages."""
    async with app.db.read() as db:
        kicked_from = await sanctions.muting_dms(db, account_id)
    staff = frozenset[str]()
    for space_id in kicked_from:
        space = await app.registry.space(space_id)
        staff |= {space.host_id, *(one.account_id for one in space.with_role(Role.COHOST))}
    return staff


async def create_post(
    app: App, person: Person, text: str, clip_id: str | None, keep: Keep[tuple[Post, Account]]
) -> tuple[Post, Account]:
    """Create a public post; returns it with its author. Raises Invalid or NotFound."""
    text = checked_text(text, has_clip=clip_id is not None)
    now, me = app.clock.now(), person.account_id or ""
    async with app.begin(person) as db:
        clip = await clips.unused(db, clip_id, me) if clip_id is not None else None
        made = Post(await posts.next_id(db, now), me, text, now, clip)
        await posts.add(db, made)
        shown = made, await accounts.get(db, me)
        await keep(db, shown, now)
    return shown


async def mark_read(app: App, person: Person, ids: Sequence[int]) -> None:
    """Note that a person has read these of their messages."""
    async with app.begin(person) as db:
        await direct_messages.mark_read(db, person.account_id or "", ids)
