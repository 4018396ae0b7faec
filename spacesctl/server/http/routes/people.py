"""The people of a Space: list, microphones, requests to speak, and moderation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from spacesctl.application import people
from spacesctl.application.admission import Access, admitted
from spacesctl.domain import commands as c
from spacesctl.domain.accounts import Account
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.domain.space import MAX_HAND_NOTE, MAX_HAND_TOPIC, Hand
from spacesctl.domain.words import Role
from spacesctl.live.outcome import Outcome
from spacesctl.server.http import serializers
from spacesctl.server.http.body import Body
from spacesctl.server.http.services import Anyone, Here, Services, SignedIn
from spacesctl.store import accounts

router = APIRouter(prefix="/v1/spaces/{space_id}", tags=["people"])


class Measure(Body):
    """Why a person is muted, demoted or removed, and for how long."""

    reason: str = Field("", max_length=280)
    duration: int | None = Field(None, ge=1, le=7 * 24 * 3600)
    """Seconds; left out, until the Space ends or somebody undoes it."""


NO_MEASURE = Measure(reason="", duration=None)


class NewRequest(Body):
    """What a request to speak is about, for the host and the co-hosts."""

    topic: str = Field("", max_length=MAX_HAND_TOPIC)
    note: str = Field("", max_length=MAX_HAND_NOTE)


NO_REQUEST = NewRequest(topic="", note="")


class Microphone(Body):
    """The body of `PUT /spaces/{space_id}/mic`."""

    open: bool
    consent: bool = False
    """The caller agrees to be recorded."""


@router.get("/people")
async def list_people(app: Here, caller: Anyone, space_id: str) -> dict[str, Any]:
    """Everyone who has a role, has asked to speak or is connected, by role; `anonymous` is the number of anonymous listeners."""
    handle = await admitted(app, caller, space_id, Access.READ)
    space, connected = handle.space, handle.connected()
    ids = {p.account_id for p in space.people.values() if p.role is not Role.LISTENER}
    ids |= {one for one in connected if one is not None} | set(space.hands)
    async with app.db.read() as db:
        known = await accounts.by_ids(db, ids)
    shown = [serializers.person(space, known[one], connected=one in connected) for one in ids if one in known]
    shown.sort(key=lambda person: (-Role(person["role"]).rank, person["handle"]))
    return {"data": shown, "anonymous": connected.count(None)}


@router.put("/mic")
async def set_mic(app: Here, caller: SignedIn, space_id: str, body: Microphone) -> dict[str, Any]:
    """Open or close the caller's own microphone, in a connected session."""
    return await _me(app, await people.set_mic(app, caller, space_id, is_open=body.open, consent=body.consent), caller)


@router.post("/requests", status_code=201)
async def raise_hand(app: Here, caller: SignedIn, space_id: str, body: NewRequest = NO_REQUEST) -> dict[str, Any]:
    """Ask to speak. If the policy admits the caller, they become a speaker at once; otherwise they wait for approval."""
    app.rates.by_account("hand", caller)
    return await _me(app, await people.raise_hand(app, caller, space_id, Hand(body.topic, body.note)), caller)


@router.delete("/requests/me")
async def lower_hand(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """Withdraw the caller's request to speak."""
    return await _me(app, await people.lower_hand(app, caller, space_id), caller)


@router.get("/requests")
async def list_hands(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """The requests to speak, oldest first."""
    space = await app.registry.space(space_id)
    require(space, caller, Action.SEE_HANDS)
    async with app.db.read() as db:
        known = await accounts.by_ids(db, set(space.hands))
    hands = [
        {**serializers.account(known[one]), "position": position, "topic": hand.topic, "note": hand.note}
        for position, (one, hand) in enumerate(space.hands.items(), 1)
    ]
    return {"data": hands}


@router.post("/requests/{ref}/approve")
async def approve(app: Here, caller: SignedIn, space_id: str, ref: str) -> dict[str, Any]:
    """Approve a request to speak."""
    return await _to_person(app, space_id, ref, lambda person: c.AnswerHand(caller, person, approve=True))


@router.post("/requests/{ref}/deny")
async def deny(app: Here, caller: SignedIn, space_id: str, ref: str) -> dict[str, Any]:
    """Deny a request to speak."""
    return await _to_person(app, space_id, ref, lambda person: c.AnswerHand(caller, person, approve=False))


@router.post("/people/{ref}/mute")
async def mute(app: Here, caller: SignedIn, space_id: str, ref: str, body: Measure = NO_MEASURE) -> dict[str, Any]:
    """Server-mute a person: nobody hears them, and they cannot undo it."""
    until = people.until(app, body.duration)
    return await _to_person(app, space_id, ref, lambda person: c.Mute(caller, person, body.reason, until))


@router.post("/people/{ref}/unmute")
async def unmute(app: Here, caller: SignedIn, space_id: str, ref: str) -> dict[str, Any]:
    """Lift a server mute, and ask the person to open the microphone; nobody else can open it."""
    return await _to_person(app, space_id, ref, lambda person: c.Unmute(caller, person))


@router.post("/people/{ref}/demote")
async def demote(app: Here, caller: SignedIn, space_id: str, ref: str, body: Measure = NO_MEASURE) -> dict[str, Any]:
    """Make a speaker or co-host a listener, who needs an approval to speak again."""
    until = people.until(app, body.duration)
    return await _to_person(app, space_id, ref, lambda person: c.Demote(caller, person, body.reason, until))


@router.post("/people/{ref}/promote")
async def promote(app: Here, caller: SignedIn, space_id: str, ref: str) -> dict[str, Any]:
    """Make a speaker a co-host. There are at most two."""
    return await _to_person(app, space_id, ref, lambda person: c.Promote(caller, person))


@router.post("/people/{ref}/host")
async def hand_over(app: Here, caller: SignedIn, space_id: str, ref: str) -> dict[str, Any]:
    """Make a co-host the host; the caller becomes a co-host."""
    return await _to_person(app, space_id, ref, lambda person: c.HandOver(caller, person))


@router.post("/people/{ref}/kick")
async def kick(app: Here, caller: SignedIn, space_id: str, ref: str, body: Measure = NO_MEASURE) -> dict[str, Any]:
    """Remove a person, who cannot come back to this Space before that time is over."""
    until = people.until(app, body.duration)
    return await _to_person(app, space_id, ref, lambda person: c.Kick(caller, person, body.reason, until))


async def _to_person(
    app: Services, space_id: str, ref: str, command_of: Callable[[c.Target], c.Command]
) -> dict[str, Any]:
    """Give a command about a person and return that person's new state."""
    outcome, account = await people.about(app, space_id, ref, command_of)
    return _person(app, outcome, account)


async def _me(app: Services, outcome: Outcome, caller: Person) -> dict[str, Any]:
    async with app.db.read() as db:
        return _person(app, outcome, await accounts.get(db, caller.account_id or ""))


def _person(app: Services, outcome: Outcome, account: Account) -> dict[str, Any]:
    handle = app.registry.known(outcome.after.id)
    connected = handle is not None and account.id in handle.connected()
    return serializers.person(outcome.after, account, connected=connected)
