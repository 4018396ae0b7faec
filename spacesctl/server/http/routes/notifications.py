"""Notifications: the caller's direct messages are also sent to an external address."""

from __future__ import annotations

import asyncio
from functools import partial

from fastapi import APIRouter, Depends, Response

from spacesctl.api import outside as api
from spacesctl.api.wire import Page, Time, time
from spacesctl.application import outside
from spacesctl.application.once import Once
from spacesctl.domain.errors import Conflict, NotFound, Refused, TooMany
from spacesctl.domain.principals import Person
from spacesctl.server.delivery import apprise_address
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once, keeping
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Here, Services, SignedIn, no_dry_run
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import notifications
from spacesctl.store.notifications import Outlet

router = APIRouter(prefix="/v1/notifications", tags=["notifications"], route_class=WireRoute)


@router.post("", status_code=201)
@may_fail(Refused, Conflict, TooMany)
@limited("change")
async def add_outlet(
    app: Here, caller: SignedIn, body: api.NewOutlet, idempotency_key: IdempotencyKey = None
) -> api.Outlet | Response:
    """Send the caller's direct messages, invitations and reminders to this address too, from now on."""
    marked = api.NewOutlet(
        url=app.keys.mark(body.url)
    )  # what is kept of the request says nothing of the secret address
    do = partial(_add, app, caller, body.url)
    return await answer_once(app, caller, idempotency_key, "notifications", marked, do)


async def _add(app: Services, caller: Person, url: str, once: Once) -> api.Outlet:
    shown = await asyncio.to_thread(apprise_address.shown, url, app.notify_schemes)
    made = await outside.add_outlet(
        app,
        caller,
        app.keys.seal(url),
        shown[:100],
        lambda have: app.rates.at_once("outlets", have),
        keeping(once, _outlet),
    )
    return _outlet(made)


@router.get("")
async def list_outlets(app: Here, caller: SignedIn) -> Page[api.Outlet]:
    """The caller's addresses; only the service of each is shown."""
    async with app.db.read() as db:
        found = await notifications.of_account(db, caller.account_id or "")
    return Page(data=[_outlet(one) for one in found])


@router.delete("/{outlet_id}", status_code=204)
@may_fail(NotFound)
@limited("change")
async def remove_outlet(app: Here, caller: SignedIn, outlet_id: str) -> None:
    """Stop sending to an address."""
    await outside.remove_outlet(app, caller, outlet_id)


@router.post("/{outlet_id}/test", dependencies=[Depends(no_dry_run)])
@may_fail(NotFound, TooMany)
@limited("outside")
async def try_outlet(app: Here, caller: SignedIn, outlet_id: str) -> api.OutletTest:
    """Send a test message now, and return whether the service accepted it."""
    one = await _own(app, caller, outlet_id)
    good = await app.outlets.send(one.sealed, "spacesctl", "This is a test: messages to you will arrive here.")
    return api.OutletTest(id=outlet_id, delivered=good)


async def _own(app: Services, caller: Person, outlet_id: str) -> Outlet:
    """Raises NotFound."""
    async with app.db.read() as db:
        one = await notifications.get(db, outlet_id)
    if one.account_id != caller.account_id:
        raise NotFound("notification address", outlet_id)
    return one


def _outlet(one: Outlet) -> api.Outlet:
    return api.Outlet(
        id=one.id,
        address=one.shown,
        sent=one.sent,
        skipped=one.skipped,
        failures=one.failures,
        retry_at=time(one.retry_at),
        created_at=Time.of(one.created_at),
    )
