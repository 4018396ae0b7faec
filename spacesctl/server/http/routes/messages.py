"""Invitations and direct messages. An invitation is a direct message that offers a role."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Response

from spacesctl.api import posts as api
from spacesctl.api.people import Invitation, NewInvites, ReceivedInvitation
from spacesctl.api.spaces import Space
from spacesctl.api.wire import Page, Time
from spacesctl.application import invitations
from spacesctl.application import messages as use
from spacesctl.application.admission import seen
from spacesctl.application.once import Once
from spacesctl.domain import space as domain
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import Conflict, Gone, NotAllowed, NotFound, Refused, TooMany
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Invite
from spacesctl.server.http import serializers
from spacesctl.server.http.cursors import number
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once, keeping
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Here, Services, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts, clips, direct_messages, spaces
from spacesctl.support.numbers import whole

router = APIRouter(prefix="/v1", tags=["messages"], route_class=WireRoute)
PAGE = 100


@router.post("/spaces/{space_id}/invites", status_code=201)
@may_fail(NotFound, Gone, NotAllowed, Refused, TooMany)
@limited("invite", cost=lambda body: len(body.handles))
async def invite(app: Here, caller: SignedIn, space_id: str, body: NewInvites) -> Page[Invitation]:
    """Invite accounts by direct message: all of them or, if one is refused, none. Accounts with an open invitation get
    no second one.
    """
    outcome, invited = await invitations.send_invites(app, caller, space_id, body.handles, body.role, body.message)
    return Page(data=[_invitation(one, outcome.after.invites[one.id]) for one in invited])


@router.delete("/spaces/{space_id}/invites/{ref}")
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def uninvite(app: Here, caller: SignedIn, space_id: str, ref: str) -> Invitation:
    """Take back an invitation that has not been answered."""
    outcome, account = await invitations.revoke_invite(app, caller, space_id, ref)
    return _invitation(account, outcome.after.invites[account.id])


@router.get("/spaces/{space_id}/invites")
@may_fail(NotFound, NotAllowed)
async def list_invites(app: Here, caller: SignedIn, space_id: str) -> Page[Invitation]:
    """The invitations to a Space. For the host and co-hosts."""
    space = await app.registry.space(space_id)
    require(space, caller, Action.INVITE)
    async with app.db.read() as db:
        known = await accounts.by_ids(db, set(space.invites))
    return Page(data=[_invitation(known[one.account_id], one) for one in space.invites.values()])


@router.get("/accounts/me/invites")
async def my_invites(app: Here, caller: SignedIn) -> Page[ReceivedInvitation]:
    """The caller's invitations to Spaces that are scheduled or live, the newest first; answered ones too."""
    me = caller.account_id or ""
    async with app.db.read() as db:
        order = await direct_messages.invited_to(db, me, limit=PAGE)
        found = {one.id: one for one in await seen(db, caller, await spaces.by_ids(db, order))}
        known = await accounts.by_ids(db, {one.host_id for one in found.values()})
    open_ones = [found[one] for one in order if one in found and me in found[one].invites and not found[one].is_over]
    return Page(data=[_received(app, one, known[one.host_id], one.invites[me]) for one in open_ones])


def _received(app: Services, space: domain.Space, host: Account, one: Invite) -> ReceivedInvitation:
    return ReceivedInvitation(
        space_id=space.id,
        title=space.title,
        link=app.link(space.id),
        host=serializers.who(host),
        space_state=space.state,
        scheduled_start=Time.of(space.scheduled_start) if space.scheduled_start is not None else None,
        state=one.state,
        role=one.role,
    )


def _invitation(account: Account, one: Invite) -> Invitation:
    return Invitation(**serializers.account_fields(account), state=one.state, role=one.role)


@router.post("/spaces/{space_id}/accept")
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def accept(app: Here, caller: SignedIn, space_id: str) -> Space:
    """Accept the caller's invitation."""
    outcome = await invitations.answer_invite(app, caller, space_id, accept=True)
    return await serializers.space(app, outcome.after, caller)


@router.post("/spaces/{space_id}/decline")
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def decline(app: Here, caller: SignedIn, space_id: str) -> Space:
    """Decline the caller's invitation."""
    outcome = await invitations.answer_invite(app, caller, space_id, accept=False)
    return await serializers.space(app, outcome.after, caller)


@router.get("/dms")
async def inbox(app: Here, caller: SignedIn, unread: bool = False, cursor: str | None = None) -> Page[api.Message]:
    """Direct messages to the caller, newest first: all, or the unread ones."""
    before = number(cursor)
    async with app.db.read() as db:
        found = await direct_messages.inbox(db, caller.account_id or "", before=before, limit=PAGE, unread=unread)
        known = await accounts.by_ids(db, {one.from_id for one in found})
        voices = await clips.by_ids(db, [one.clip_id for one in found if one.clip_id])
    data = [
        api.Message(
            id=str(one.id),
            kind=one.kind,
            by=serializers.who(known[one.from_id]),
            space_id=one.space_id,
            link=app.link(one.space_id) if one.space_id else None,
            text=one.text,
            clip=serializers.clip(voices[one.clip_id]) if one.clip_id else None,
            created_at=Time.of(one.at),
            unread=one.unread,
        )
        for one in found
    ]
    return Page(data=data, next=data[-1].id if len(data) == PAGE else None)


@router.post("/dms/read", status_code=204)
@limited("change")
async def read(app: Here, caller: SignedIn, body: api.ReadMessages) -> None:
    """Note which direct messages the caller has read. Ids of others' messages, and of none, are passed over."""
    await use.mark_read(app, caller, [found for one in body.ids if (found := whole(one)) is not None])


@router.post("/dms", status_code=201)
@may_fail(NotFound, Refused, Conflict, TooMany)
@limited("dm")
async def send(
    app: Here, caller: SignedIn, body: api.NewMessage, idempotency_key: IdempotencyKey = None
) -> api.SentMessage | Response:
    """Send a direct message."""
    return await answer_once(app, caller, idempotency_key, "dms", body, partial(_send, app, caller, body))


async def _send(app: Services, caller: Person, body: api.NewMessage, once: Once) -> api.SentMessage:
    return _sent(await use.send_message(app, caller, body.to, body.text, body.clip, keeping(once, _sent)))


def _sent(sent: use.Sent) -> api.SentMessage:
    return api.SentMessage(
        id=str(sent.id),
        to=serializers.who(sent.to),
        clip=serializers.clip(sent.clip) if sent.clip is not None else None,
        created_at=Time.of(sent.at),
    )
