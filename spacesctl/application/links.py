"""Links that are good for one use, which sign an account in or allow to make one, and recovery by the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.app import App
from spacesctl.application.sessions import Browser, Opened, add_session, end_sessions
from spacesctl.application.tokens import ending, tell, whose
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import NotAllowed, NotFound, NotSignedIn
from spacesctl.domain.ids import new_link_code
from spacesctl.domain.principals import Person, Principal, System
from spacesctl.store import accounts, audit, identities, links, notifications, passkeys, passwords, webhooks
from spacesctl.store.links import NewLink

SIGNS_IN_FOR: Final = timedelta(minutes=15)
RECOVERS_FOR: Final = timedelta(days=1)
INVITES_FOR: Final = timedelta(days=3)
"""Links of invitations to Spaces that are forwarded to their invitees."""
SIGNS_UP_FOR: Final = timedelta(days=7)
MOST: Final = 20
"""Links of one account that wait; the oldest go."""
MOST_INVITATIONS: Final = 1_000
"""Links that wait and allow to make an account."""
USED_UP: Final = "this link is unknown, was used or is over"


async def make_link(app: App, person: Person, ref: str, space_id: str | None) -> tuple[Account, NewLink]:
    """A link that signs the person's own account in or, for admins, any; with `space_id` it opens this Space. The account is told.
    Raises NotFound, NotAllowed, or Gone."""
    if space_id is not None:
        await app.registry.live_handle(space_id)
    async with app.begin(person) as db:
        target = await whose(db, person, ref)
        _require_people(app, target)
        made = await _add(app, db, person, target, space_id, SIGNS_IN_FOR)
        by = f"@{person.handle} made" if person.account_id != target.id else "You made"
        await tell(
            app, db, target.id, f"{by} a link that signs in to this account once, within {_MINUTES}.", app.clock.now()
        )
    return target, made


_MINUTES = f"{SIGNS_IN_FOR.seconds // 60} minutes"


async def with_sign_in(app: App, account_id: str, space_id: str, text: str) -> str:
    """The text of an invitation as it is forwarded to its invitee's own address: the Space's link in it signs them in, once. The stored
    message has the bare link: a database holds no secrets."""
    place = app.link(space_id)
    ours, gap, message = text.partition("\n\n")
    if not ours.endswith(
        place
    ):  # a title, or the words of who invites, may have any link in them: those stay as they are
        return text
    async with app.db.begin() as db:
        try:
            target = await accounts.present(db, account_id)
        except NotFound:
            return text
        made = await _add(app, db, System("invitation"), target, space_id, INVITES_FOR)
    return f"{ours}#link={made.code}{gap}{message}"


async def invite_to_sign_up(app: App, person: Person) -> NewLink:
    """A link with which somebody may make an account. For admins."""
    now = app.clock.now()
    made = NewLink(new_link_code(), None, None, now + SIGNS_UP_FOR)
    async with app.begin(person) as db:
        await links.add(db, made, now, most=MOST_INVITATIONS)
        await audit.append(db, audit.Entry("account.invite", person, None, None), now)
    return made


async def use_link(app: App, code: str, browser: Browser) -> Opened:
    """Sign in by a link, which is then used up. Raises NotSignedIn, or NotAllowed with reason `suspended`."""
    async with ending(app) as end, app.db.begin() as db:
        used = await links.take(db, code, app.clock.now())
        if used is None or used.account_id is None:
            raise NotSignedIn(USED_UP, hint="ask for another one")
        account = await accounts.present(db, used.account_id)
        return Opened(account, await add_session(app, db, end, account, "link", browser), used.space_id)


@dataclass(frozen=True)
class Recovered:
    """An account whose owner lost their ways in: how many sessions ended, and the link with which they come back."""

    account: Account
    ended: int
    link: NewLink


async def recover(app: App, person: Person, ref: str) -> Recovered:
    """For admins: all ways to sign in to an account go but its tokens, with its notification addresses and webhooks; its sessions end, and
    a link lets its owner in again. Raises NotFound or NotAllowed."""
    async with ending(app) as end, app.begin(person) as db:
        target = await accounts.present(db, ref)
        _require_people(app, target)
        now = app.clock.now()
        await passwords.drop(db, target.id)
        await passkeys.drop(db, target.id)
        await identities.drop(db, target.id)
        await links.drop(db, target.id)
        await _forget_addresses(db, target.id)
        ended = await end_sessions(app, db, end, person, target, f"was ended by @{person.handle}", but=None)
        made = await _add(app, db, person, target, None, RECOVERS_FOR)
        await audit.append(db, audit.Entry("account.recover", person, None, target.id), now)
        text = (
            f"@{person.handle} ended the sessions of this account and all ways to sign in to it but its tokens, removed its "
            "notification addresses and webhooks, and made a link that signs in once."
        )
        await tell(app, db, target.id, text, now)
    return Recovered(target, ended, made)


async def _forget_addresses(db: AsyncConnection, account_id: str) -> None:
    """Who had the account may have set them, and invitations that sign in are forwarded there."""
    for outlet in await notifications.of_account(db, account_id):
        await notifications.remove(db, outlet.id)
    for hook in await webhooks.of_account(db, account_id):
        await webhooks.remove(db, hook.id)


async def _add(
    app: App, db: AsyncConnection, by: Principal, target: Account, space_id: str | None, lasts: timedelta
) -> NewLink:
    now = app.clock.now()
    made = NewLink(new_link_code(), target.id, space_id, now + lasts)
    await links.add(db, made, now, most=MOST)
    await audit.append(db, audit.Entry("link.create", by, None, target.id, {"space": space_id}), now)
    return made


def _require_people(app: App, target: Account) -> None:
    if target.id == app.bot.id:
        raise NotAllowed("nobody signs in as the bundled bot", reason="scope")
