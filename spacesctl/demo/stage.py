"""Prepares the demo: accounts, the Space with its rules, invitations by direct message, which everybody accepts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from bots.casts import Cast
from spacesctl.api.accounts import MadeAccount, NewAccount
from spacesctl.api.captions import CaptionsStatus
from spacesctl.api.moderation import NewRules
from spacesctl.api.people import NewInvites
from spacesctl.api.spaces import NewSpace
from spacesctl.client import room_view
from spacesctl.client.http import Client
from spacesctl.client.room_view import RoomView
from spacesctl.domain.words import Kind
from spacesctl.probe.accounts import token_of

LISTENERS = ("ada", "ben")
"""Accounts in the audience: the first listens by lanes, the second over WebRTC. A third listener is anonymous."""
BOT_WITHIN = 20.0
"""Seconds that the bot may take to load its model and join."""


@dataclass(frozen=True)
class Stage:
    """The Space of the demo, as it is when it has just gone live. `ids` and `tokens` by handle."""

    url: str
    room: RoomView
    link: str
    host: str
    ids: dict[str, str]
    tokens: dict[str, str]
    captions: CaptionsStatus
    delay: float = 0.0
    """Seconds that the audience hears behind the stage: a rule keeps words from it."""

    @property
    def space_id(self) -> str:
        """The id of the Space."""
        return self.room.id

    def handle_of(self, account_id: str) -> str:
        """The handle without `@`, or the id itself when it is not of the demo."""
        return next((handle for handle, one in self.ids.items() if one == account_id), account_id)


def prepare(url: str, owner_token: str, cast: Cast, note: Callable[[str], None]) -> Stage:
    """Make the accounts and the Space, and start it with the bot in it. `note` is given progress lines. Raises SpacesError."""
    accounts = _accounts(url, owner_token, cast)
    tokens = {handle: token_of(one) for handle, one in accounts.items()}
    host, guests = cast.host.handle, [one.handle for one in cast.people if one.role != "host"]
    with Client(url, tokens[host]) as client:
        space = client.spaces.create(NewSpace(title=cast.title))
        rules = client.spaces.set_rules(space.id, NewRules(text=cast.rules, filename=f"{cast.name}/rules.toml"))
        note(f"@{host} creates “{cast.title}” with rules {', '.join(rules.rules)}")
        invites = NewInvites(handles=[f"@{one}" for one in guests], message="Come and speak.")
        client.people.invite(space.id, invites)
        for guest in guests:
            _accept(url, tokens[guest])
        note(f"invited by direct message and accepted: {', '.join('@' + one for one in guests)}")
        captions = _wait_for_captions(client, space.id)
        note(captions.notice or f"no captions: {captions.reason}")
        live = client.spaces.start(space.id)
        if live.delay:
            note(f"who only listens is {live.delay:g} s behind the stage: rules take words out before they are heard")
        if captions.ready:
            _wait_for(lambda: _has_bot(client, space.id))
        room = room_view.of(live, client.people.list(space.id))
    ids = {handle: one.id for handle, one in accounts.items()}
    return Stage(url, room, space.link, host, ids, tokens, captions, live.delay)


def _accounts(url: str, owner_token: str, cast: Cast) -> dict[str, MadeAccount]:
    """Create the accounts, each with its token, by handle."""
    wanted = [NewAccount(handle=one.handle, name=one.name, kind=Kind(one.kind)) for one in cast.people]
    wanted += [NewAccount(handle=handle, name=handle.title()) for handle in LISTENERS]
    with Client(url, owner_token) as owner:
        return {one.handle: owner.accounts.create(one) for one in wanted}


def _accept(url: str, token: str) -> None:
    """Accept the invitation in the inbox, as a person does."""
    with Client(url, token) as guest:
        space_id = next(one.space_id for one in guest.messages.inbox() if one.kind == "invite" and one.space_id)
        guest.people.accept(space_id)


def _wait_for_captions(client: Client, space_id: str) -> CaptionsStatus:
    _wait_for(lambda: client.spaces.get(space_id).captions_status.ready)
    return client.spaces.get(space_id).captions_status


def _has_bot(client: Client, space_id: str) -> bool:
    return any(one.kind is Kind.BOT and one.connected for one in client.people.list(space_id).data)


def _wait_for(true: Callable[[], bool]) -> bool:
    """Wait for a condition; False after `BOT_WITHIN` seconds. Without captions the demo goes on and says so."""
    end = time.monotonic() + BOT_WITHIN
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
