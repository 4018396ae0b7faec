"""The people of a Space: list, microphones, requests to speak, and moderation."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from spacesctl.api import people as api
from spacesctl.api.wire import Page, load_value
from spacesctl.application import people
from spacesctl.application.admission import Access, admitted
from spacesctl.domain import commands as c
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import Gone, NotAllowed, NotFound, Refused, TooMany
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Hand
from spacesctl.domain.words import Role
from spacesctl.live.outcome import Outcome
from spacesctl.live.sessions import Session
from spacesctl.server.http import serializers
from spacesctl.server.http.limited import limited
from spacesctl.server.http.serializers import account_fields
from spacesctl.server.http.services import Anyone, Here, Services, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts

router = APIRouter(prefix="/v1/spaces/{space_id}", tags=["people"], route_class=WireRoute)
NO_MEASURE = api.NewMeasure()
NO_KICK = api.NewKick()
NO_REQUEST = api.NewHand()
_about = may_fail(NotFound, Gone, NotAllowed, Refused)


@router.get("/people")
@may_fail(NotFound, Gone, NotAllowed)
async def list_people(app: Here, caller: Anyone, space_id: str) -> api.Members:
    """Everyone who has a role, has asked to speak or is connected, by role; `anonymous` is the number of anonymous listeners."""
    handle = await admitted(app, caller, space_id, Access.READ)
    space, connected = handle.space, handle.connected()
    ids = {p.account_id for p in space.people.values() if p.role is not Role.LISTENER}
    ids |= {one for one in connected if one is not None} | set(space.hands)
    async with app.db.read() as db:
        known = await accounts.by_ids(db, ids)
    shown = [serializers.person(space, known[one], connected=one in connected) for one in ids if one in known]
    shown.sort(key=lambda person: (-person.role.rank, person.handle))
    return api.Members(data=shown, anonymous=connected.count(None))


@router.get("/connections")
@may_fail(NotFound, Gone, NotAllowed)
async def list_connections(app: Here, caller: SignedIn, space_id: str) -> Page[api.AnonymousConnection]:
    """The connections with sound of listeners without an account, the oldest first. For the host, co-hosts and admins."""
    found = await people.anonymous(app, caller, space_id)
    return Page(data=[load_value(_connection(one), api.AnonymousConnection) for one in found])


def _connection(session: Session) -> dict[str, str | int]:
    return {"id": session.public_id, "kind": session.kind.value, "since_tick": session.since_tick}


@router.delete("/connections/{connection_id}", status_code=204)
@_about
@limited("change")
async def cut_off(app: Here, caller: SignedIn, space_id: str, connection_id: str) -> None:
    """Close the connection of a listener without an account. Nobody can tell whether a new one is theirs: a lock, or `listeners`
    `accounts`, keeps them out.
    """
    await people.cut_off(app, caller, space_id, connection_id)


@router.put("/mic")
@_about
@limited("change")
async def set_mic(app: Here, caller: SignedIn, space_id: str, body: api.Microphone) -> api.Member:
    """Open or close the caller's own microphone, in a connected session."""
    return await _me(app, await people.set_mic(app, caller, space_id, is_open=body.open, consent=body.consent), caller)


@router.post("/requests", status_code=201)
@may_fail(NotFound, Gone, NotAllowed, Refused, TooMany)
@limited("hand")
async def raise_hand(app: Here, caller: SignedIn, space_id: str, body: api.NewHand = NO_REQUEST) -> api.Member:
    """Ask to speak. If the policy admits the caller, they become a speaker at once; otherwise they wait for approval."""
    return await _me(app, await people.raise_hand(app, caller, space_id, Hand(body.topic, body.note)), caller)


@router.delete("/requests/me")
@_about
@limited("change")
async def lower_hand(app: Here, caller: SignedIn, space_id: str) -> api.Member:
    """Withdraw the caller's request to speak."""
    return await _me(app, await people.lower_hand(app, caller, space_id), caller)


@router.get("/requests")
@may_fail(NotFound, Gone, NotAllowed)
async def list_hands(app: Here, caller: SignedIn, space_id: str) -> Page[api.RaisedHand]:
    """The requests to speak, oldest first."""
    space = await app.registry.space(space_id)
    require(space, caller, Action.SEE_HANDS)
    async with app.db.read() as db:
        known = await accounts.by_ids(db, set(space.hands))
    hands = [
        api.RaisedHand(**account_fields(known[one]), position=position, topic=hand.topic, note=hand.note)
        for position, (one, hand) in enumerate(space.hands.items(), 1)
    ]
    return Page(data=hands)


@router.post("/requests/{ref}/approve")
@_about
@limited("change")
async def approve(app: Here, caller: SignedIn, space_id: str, ref: str) -> api.Member:
    """Approve a request to speak."""
    return await _to_person(app, space_id, ref, lambda person: c.AnswerHand(caller, person, approve=True))


@router.post("/requests/{ref}/deny")
@_about
@limited("change")
async def deny(app: Here, caller: SignedIn, space_id: str, ref: str) -> api.Member:
    """Deny a request to speak."""
    return await _to_person(app, space_id, ref, lambda person: c.AnswerHand(caller, person, approve=False))


@router.post("/people/{ref}/warn")
@_about
@limited("change")
async def warn(app: Here, caller: SignedIn, space_id: str, ref: str, body: api.NewMeasure = NO_MEASURE) -> api.Member:
    """Warn a person: they are told why, and it is on record among the sanctions. It takes nothing from them."""
    until = people.until(app, body.duration)
    return await _to_person(
        app, space_id, ref, lambda person: c.Warn(caller, person, body.reason, until, body.report or ""), body.report
    )


@router.post("/people/{ref}/mute")
@_about
@limited("change")
async def mute(app: Here, caller: SignedIn, space_id: str, ref: str, body: api.NewMeasure = NO_MEASURE) -> api.Member:
    """Server-mute a person: nobody hears them, and they cannot undo it."""
    until = people.until(app, body.duration)
    return await _to_person(
        app, space_id, ref, lambda person: c.Mute(caller, person, body.reason, until, body.report or ""), body.report
    )


@router.post("/people/{ref}/unmute")
@_about
@limited("change")
async def unmute(app: Here, caller: SignedIn, space_id: str, ref: str) -> api.Member:
    """Lift a server mute, and ask the person to open the microphone; nobody else can open it."""
    return await _to_person(app, space_id, ref, lambda person: c.Unmute(caller, person))


@router.post("/people/{ref}/demote")
@_about
@limited("change")
async def demote(app: Here, caller: SignedIn, space_id: str, ref: str, body: api.NewMeasure = NO_MEASURE) -> api.Member:
    """Make a speaker or co-host a listener, who needs an approval to speak again."""
    until = people.until(app, body.duration)
    return await _to_person(
        app, space_id, ref, lambda person: c.Demote(caller, person, body.reason, until, body.report or ""), body.report
    )


@router.post("/people/{ref}/promote")
@_about
@limited("change")
async def promote(app: Here, caller: SignedIn, space_id: str, ref: str) -> api.Member:
    """Make a speaker a co-host. There are at most two."""
    return await _to_person(app, space_id, ref, lambda person: c.Promote(caller, person))


@router.post("/people/{ref}/host")
@_about
@limited("change")
async def hand_over(app: Here, caller: SignedIn, space_id: str, ref: str) -> api.Member:
    """Make a co-host the host; the caller becomes a co-host."""
    return await _to_person(app, space_id, ref, lambda person: c.HandOver(caller, person))


@router.post("/people/{ref}/kick")
@_about
@limited("change")
async def kick(app: Here, caller: SignedIn, space_id: str, ref: str, body: api.NewKick = NO_KICK) -> api.Member:
    """Remove a person, who cannot come back to this Space before that time is over."""
    until = people.until(app, body.duration)
    return await _to_person(
        app,
        space_id,
        ref,
        lambda person: c.Kick(caller, person, body.reason, until, body.erase, body.mute_dms, body.report or ""),
        body.report,
    )


async def _to_person(
    app: Services, space_id: str, ref: str, command_of: Callable[[c.Target], c.Command], report_id: str | None = None
) -> api.Member:
    """Give a command about a person and return that person's new state."""
    outcome, account = await people.about(app, space_id, ref, command_of, report_id)
    return _person(app, outcome, account)


async def _me(app: Services, outcome: Outcome, caller: Person) -> api.Member:
    async with app.db.read() as db:
        return _person(app, outcome, await accounts.get(db, caller.account_id or ""))


def _person(app: Services, outcome: Outcome, account: Account) -> api.Member:
    handle = app.registry.known(outcome.after.id)
    connected = handle is not None and account.id in handle.connected()
    return serializers.person(outcome.after, account, connected=connected)
