"""Webhooks: signed messages about the caller's Spaces to the caller's own programs."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy import Row

from spacesctl.application import outside
from spacesctl.application.once import Once
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Invalid, NotAllowed, NotFound
from spacesctl.domain.principals import Person
from spacesctl.domain.webhooks import PING, TYPES
from spacesctl.server.delivery.safe_http import check_url
from spacesctl.server.http.body import Body
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once
from spacesctl.server.http.services import Here, Services, SignedIn, no_dry_run
from spacesctl.store import webhooks

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
SHOWN = 100
"""Deliveries in a list."""


class NewWebhook(Body):
    """The body of `POST /webhooks`."""

    url: str
    events: Annotated[list[str], Field(max_length=len(TYPES))] = Field(default_factory=list)
    """Types of messages; empty means all."""
    all: bool = False
    """For all Spaces, not only the caller's own. For admins."""


@router.post("", status_code=201)
async def add_webhook(app: Here, caller: SignedIn, body: NewWebhook, idempotency_key: IdempotencyKey = None) -> Any:
    """Create a webhook. Only this answer contains the signing secret, in the format of Standard Webhooks."""
    return await answer_once(app, caller, idempotency_key, "webhooks", body, partial(_add, app, caller, body))


async def _add(app: Services, caller: Person, body: NewWebhook, once: Once) -> JSONResponse:
    url = check_url(body.url, allow_private=app.allow_private)
    for kind in body.events:
        if kind not in TYPES:
            raise Invalid("events", f"{kind!r} is not one of {', '.join(TYPES)}")
    if body.all and not caller.is_admin:
        raise NotAllowed("only admins may receive messages about all Spaces", reason="scope")
    made = await outside.add_webhook(
        app,
        caller,
        url,
        sorted(set(body.events)),
        all_spaces=body.all,
        may_have=lambda have: app.rates.at_once("webhooks", have),
        keep=once.keeping(lambda row: {**_webhook(row, 0), "secret": None}),
    )
    secret = app.keys.webhook_secret(made.id)
    return JSONResponse({**_webhook(made, 0), "secret": secret}, 201, {"Cache-Control": "no-store"})


@router.get("")
async def list_webhooks(app: Here, caller: SignedIn) -> dict[str, Any]:
    """The caller's webhooks."""
    async with app.db.read() as db:
        found = await webhooks.of_account(db, caller.account_id or "")
    return {"data": [_webhook(row, waiting) for row, waiting in found]}


@router.delete("/{webhook_id}", status_code=204)
async def remove_webhook(app: Here, caller: SignedIn, webhook_id: str) -> Response:
    """Delete a webhook; its waiting deliveries are dropped."""
    await outside.remove_webhook(app, caller, webhook_id)
    return Response(status_code=204)


@router.post("/{webhook_id}/test", dependencies=[Depends(no_dry_run)])
async def try_webhook(app: Here, caller: SignedIn, webhook_id: str) -> dict[str, Any]:
    """Send one `ping` now and return the result. A disabled webhook is enabled again if it answers 2xx."""
    app.rates.by_account("outside", caller)
    row = await _own(app, caller, webhook_id)
    message = f"msg_{secrets.token_hex(12)}"
    answer = await app.webhooks.attempt(webhook_id, row.url, message, PING, {"webhook_id": webhook_id}, app.clock.now())
    if answer.good:
        async with app.db.begin() as db:
            await webhooks.recovered(db, webhook_id)
    return {"id": webhook_id, "delivered": answer.good, "status": answer.status, "problem": answer.problem}


@router.get("/{webhook_id}/deliveries")
async def list_deliveries(app: Here, caller: SignedIn, webhook_id: str) -> dict[str, Any]:
    """The newest 100 deliveries of the last 7 days."""
    await _own(app, caller, webhook_id)
    async with app.db.read() as db:
        found = await webhooks.newest(db, webhook_id, limit=SHOWN)
    data = [
        {
            "id": row.message, "type": row.type, "state": row.state, "attempts": row.attempts, "status": row.status,
            "problem": row.problem, "at": rfc3339(row.at), "next_at": rfc3339(row.next_at) if row.next_at else None,
            "space_id": row.data.get("space", {}).get("id"),
        }
        for row in found
    ]  # fmt: skip
    return {"data": data}


async def _own(app: Services, caller: Person, webhook_id: str) -> Row[Any]:
    """Raises NotFound, also for another account's webhook."""
    async with app.db.read() as db:
        row = await webhooks.get(db, webhook_id)
    if row.account_id != caller.account_id:
        raise NotFound("webhook", webhook_id)
    return row


def _webhook(row: Row[Any], waiting: int) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "events": row.events or list(TYPES),
        "all": row.all_spaces,
        "state": row.state,
        "reason": row.reason,
        "failing_since": rfc3339(row.failing_since) if row.failing_since else None,
        "waiting": waiting,
        "dropped": row.dropped,
        "created_at": rfc3339(row.created_at),
    }
