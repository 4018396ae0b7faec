"""Notifications: the caller's direct messages are also sent to an external address."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from pydantic import Field, SecretStr
from sqlalchemy import Row

from spacesctl.application import outside
from spacesctl.application.once import Once
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import NotFound
from spacesctl.domain.principals import Person
from spacesctl.server.delivery import apprise_address
from spacesctl.server.http.body import Body
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once
from spacesctl.server.http.services import Here, Services, SignedIn, no_dry_run
from spacesctl.store import notifications

router = APIRouter(prefix="/v1/notifications", tags=["notifications"])


class NewOutlet(Body):
    """The body of `POST /notifications`."""

    url: SecretStr = Field(max_length=apprise_address.MOST_URL)
    """An apprise address such as `tgram://TOKEN/CHAT`. It contains a secret: it is stored encrypted and never shown again."""


@router.post("", status_code=201)
async def add_outlet(app: Here, caller: SignedIn, body: NewOutlet, idempotency_key: IdempotencyKey = None) -> Any:
    """Send the caller's direct messages, invitations and reminders to this address too, from now on."""
    url = body.url.get_secret_value()
    route = f"notifications {app.keys.mark(url)}"  # the body itself hides the secret address
    return await answer_once(app, caller, idempotency_key, route, body, partial(_add, app, caller, url))


async def _add(app: Services, caller: Person, url: str, once: Once) -> Any:
    shown = await asyncio.to_thread(apprise_address.shown, url, app.notify_schemes)
    made = await outside.add_outlet(
        app,
        caller,
        app.keys.seal(url),
        shown[:100],
        lambda have: app.rates.at_once("outlets", have),
        once.keeping(_outlet),
    )
    return JSONResponse(_outlet(made), 201, {"Cache-Control": "no-store"})


@router.get("")
async def list_outlets(app: Here, caller: SignedIn) -> dict[str, Any]:
    """The caller's addresses; only the service of each is shown."""
    async with app.db.read() as db:
        found = await notifications.of_account(db, caller.account_id or "")
    return {"data": [_outlet(row) for row in found]}


@router.delete("/{outlet_id}", status_code=204)
async def remove_outlet(app: Here, caller: SignedIn, outlet_id: str) -> Response:
    """Stop sending to an address."""
    await outside.remove_outlet(app, caller, outlet_id)
    return Response(status_code=204)


@router.post("/{outlet_id}/test", dependencies=[Depends(no_dry_run)])
async def try_outlet(app: Here, caller: SignedIn, outlet_id: str) -> dict[str, Any]:
    """Send a test message now, and return whether the service accepted it."""
    app.rates.by_account("outside", caller)
    row = await _own(app, caller, outlet_id)
    good = await app.outlets.send(row.sealed, "spacesctl", "This is a test: messages to you will arrive here.")
    return {"id": outlet_id, "delivered": good}


async def _own(app: Services, caller: Person, outlet_id: str) -> Row[Any]:
    """Raises NotFound."""
    async with app.db.read() as db:
        row = await notifications.get(db, outlet_id)
    if row.account_id != caller.account_id:
        raise NotFound("notification address", outlet_id)
    return row


def _outlet(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "address": row.shown,
        "sent": row.sent,
        "skipped": row.skipped,
        "failures": row.failures,
        "retry_at": rfc3339(row.retry_at) if row.retry_at else None,
        "created_at": rfc3339(row.created_at),
    }
