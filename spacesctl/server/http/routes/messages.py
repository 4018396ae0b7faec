"""Invitations and direct messages. An invitation is a direct message that offers a role."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from spacesctl.application import invitations
from spacesctl.application import messages as use
from spacesctl.application.once import Once
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Invalid
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.domain.words import Role
from spacesctl.server.http import serializers
from spacesctl.server.http.body import Body
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once
from spacesctl.server.http.services import Here, Services, SignedIn
from spacesctl.store import accounts, clips, direct_messages

router = APIRouter(prefix="/v1", tags=["messages"])
PAGE = 100


class Invites(Body):
    """The body of `POST /spaces/{space_id}/invites`."""

    handles: Annotated[list[str], Field(min_length=1, max_length=100)]
    message: str = Field("", max_length=1000)
    role: Role = Role.SPEAKER


class Message(Body):
    """The body of `POST /dms`."""

    to: str
    text: str = Field("", max_length=10_000)
    """May be empty if there is a voice clip."""
    clip: str | None = Field(None, max_length=13)
    """The id of a voice clip that the caller has uploaded."""


@router.post("/spaces/{space_id}/invites", status_code=201)
async def invite(app: Here, caller: SignedIn, space_id: str, body: Invites) -> dict[str, Any]:
    """Invite accounts by direct message: all of them or, if one is refused, none. Accounts with an open invitation get
    no second one.
    """
    app.rates.by_account("invite", caller, len(body.handles))
    outcome, invited = await invitations.send_invites(app, caller, space_id, body.handles, body.role, body.message)
    state = outcome.after.invites
    return {"data": [{**serializers.account(a), "state": state[a.id].state, "role": state[a.id].role} for a in invited]}


@router.delete("/spaces/{space_id}/invites/{ref}")
async def uninvite(app: Here, caller: SignedIn, space_id: str, ref: str) -> dict[str, Any]:
    """Take back an invitation that has not been answered."""
    outcome, account = await invitations.revoke_invite(app, caller, space_id, ref)
    return {**serializers.account(account), "state": outcome.after.invites[account.id].state}


@router.get("/spaces/{space_id}/invites")
async def list_invites(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """The invitations to a Space. For the host and co-hosts."""
    space = await app.registry.space(space_id)
    require(space, caller, Action.INVITE)
    async with app.db.read() as db:
        known = await accounts.by_ids(db, set(space.invites))
    rows = [
        {**serializers.account(known[i.account_id]), "state": i.state, "role": i.role} for i in space.invites.values()
    ]
    return {"data": rows}


@router.post("/spaces/{space_id}/accept")
async def accept(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """Accept the caller's invitation."""
    outcome = await invitations.answer_invite(app, caller, space_id, accept=True)
    return await serializers.space(app, outcome.after, caller)


@router.post("/spaces/{space_id}/decline")
async def decline(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """Decline the caller's invitation."""
    outcome = await invitations.answer_invite(app, caller, space_id, accept=False)
    return await serializers.space(app, outcome.after, caller)


@router.get("/dms")
async def inbox(app: Here, caller: SignedIn, cursor: str | None = None) -> dict[str, Any]:
    """Direct messages to the caller, newest first."""
    if cursor is not None and not cursor.isdigit():
        raise Invalid("cursor", "is not a cursor that this list returned")
    async with app.db.read() as db:
        rows = await direct_messages.inbox(
            db, caller.account_id or "", before=int(cursor) if cursor else None, limit=PAGE
        )
        known = await accounts.by_ids(db, {row.from_id for row in rows})
        voices = await clips.by_ids(db, [row.clip_id for row in rows if row.clip_id])
    data = [
        {
            "id": str(row.id),
            "kind": row.kind,
            "from": f"@{known[row.from_id].handle}",
            "from_id": row.from_id,
            "space_id": row.space_id,
            "link": app.link(row.space_id) if row.space_id else None,
            "text": row.text,
            "clip": serializers.clip(voices[row.clip_id]) if row.clip_id else None,
            "at": rfc3339(row.at),
        }
        for row in rows
    ]
    return {"data": data, "next": str(rows[-1].id) if len(rows) == PAGE else None}


@router.post("/dms", status_code=201)
async def send(app: Here, caller: SignedIn, body: Message, idempotency_key: IdempotencyKey = None) -> Any:
    """Send a direct message."""
    return await answer_once(app, caller, idempotency_key, "dms", body, partial(_send, app, caller, body))


async def _send(app: Services, caller: Person, body: Message, once: Once) -> Any:
    app.rates.by_account("dm", caller)
    keep = once.keeping(_sent)
    return _sent(await use.send_message(app, caller, body.to, body.text, body.clip, keep))


def _sent(sent: use.Sent) -> dict[str, Any]:
    dm_id, to, clip, at = sent
    answer: dict[str, Any] = {"id": str(dm_id), "to": f"@{to.handle}", "at": rfc3339(at)}
    return answer | ({"clip": serializers.clip(clip)} if clip is not None else {})
