"""Webhooks: signed messages about the caller's Spaces to the caller's own programs."""

from __future__ import annotations

import secrets
from functools import partial

from fastapi import APIRouter, Depends, Response
from msgspec import structs

from spacesctl.api import outside as api
from spacesctl.api.wire import Page, Time, time
from spacesctl.application import outside
from spacesctl.application.once import Once
from spacesctl.domain.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from spacesctl.domain.principals import Person
from spacesctl.domain.webhooks import PING, TYPES
from spacesctl.server.delivery.safe_http import check_url
from spacesctl.server.delivery.webhook_sender import Sending
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once, keeping
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Here, Services, SignedIn, no_dry_run
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import webhooks
from spacesctl.store.webhooks import Delivery, Webhook

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=WireRoute)
SHOWN = 100
"""Deliveries in a list."""


@router.post("", status_code=201)
@may_fail(NotAllowed, Conflict, TooMany)
@limited("change")
async def add_webhook(
    app: Here, caller: SignedIn, body: api.NewWebhook, idempotency_key: IdempotencyKey = None
) -> api.MadeWebhook | Response:
    """Create a webhook. Only this answer contains the signing secret, in the format of Standard Webhooks."""
    do = partial(_add, app, caller, body)
    return await answer_once(app, caller, idempotency_key, "webhooks", body, do)


async def _add(app: Services, caller: Person, body: api.NewWebhook, once: Once) -> api.MadeWebhook:
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
        keep=keeping(once, _made),
    )
    return _made(made, app.keys.webhook_secret(made.id))


def _made(made: Webhook, secret: str | None = None) -> api.MadeWebhook:
    return api.MadeWebhook(**structs.asdict(_webhook(made)), secret=secret)


@router.get("")
async def list_webhooks(app: Here, caller: SignedIn) -> Page[api.Webhook]:
    """The caller's webhooks."""
    async with app.db.read() as db:
        found = await webhooks.of_account(db, caller.account_id or "")
    return Page(data=[_webhook(one) for one in found])


@router.delete("/{webhook_id}", status_code=204)
@may_fail(NotFound)
@limited("change")
async def remove_webhook(app: Here, caller: SignedIn, webhook_id: str) -> None:
    """Delete a webhook; its waiting deliveries are dropped."""
    await outside.remove_webhook(app, caller, webhook_id)


@router.post("/{webhook_id}/secret", dependencies=[Depends(no_dry_run)])
@may_fail(NotFound)
@limited("change")
async def renew_secret(app: Here, caller: SignedIn, webhook_id: str) -> api.RenewedSecret:
    """Replace the signing secret. For a day, messages have the signatures of both, so that a receiver can change over in peace."""
    one = await outside.renew_secret(app, caller, webhook_id)
    until = one.kept_until or app.clock.now()
    return api.RenewedSecret(
        id=one.id, secret=app.keys.webhook_secret(one.id, one.secret_number), both_until=Time.of(until)
    )


@router.post("/{webhook_id}/test", dependencies=[Depends(no_dry_run)])
@may_fail(NotFound, TooMany)
@limited("outside")
async def try_webhook(app: Here, caller: SignedIn, webhook_id: str) -> api.WebhookTest:
    """Send one `ping` now and return the result. A disabled webhook is enabled again if it answers 2xx."""
    one = await _own(app, caller, webhook_id)
    message = f"msg_{secrets.token_hex(12)}"
    ping = Sending(webhook_id, one.url, message, PING, {"webhook_id": webhook_id}, app.clock.now(), one.secrets)
    answer = await app.webhooks.attempt(ping)
    if answer.good:
        async with app.begin(caller) as db:
            await webhooks.recovered(db, webhook_id)
    return api.WebhookTest(id=webhook_id, delivered=answer.good, status=answer.status, problem=answer.problem)


@router.get("/{webhook_id}/deliveries")
@may_fail(NotFound)
async def list_deliveries(app: Here, caller: SignedIn, webhook_id: str) -> Page[api.Delivery]:
    """The newest 100 deliveries of the last 7 days."""
    await _own(app, caller, webhook_id)
    async with app.db.read() as db:
        found = await webhooks.newest(db, webhook_id, limit=SHOWN)
    return Page(data=[_delivery(one) for one in found])


def _delivery(one: Delivery) -> api.Delivery:
    return api.Delivery(
        id=one.message,
        type=one.type,
        state=one.state,
        attempts=one.attempts,
        status=one.status,
        problem=one.problem,
        created_at=Time.of(one.at),
        next_at=time(one.next_at),
        space_id=one.space_id,
    )


async def _own(app: Services, caller: Person, webhook_id: str) -> Webhook:
    """Raises NotFound, also for another account's webhook."""
    async with app.db.read() as db:
        one = await webhooks.get(db, webhook_id)
    if one.account_id != caller.account_id:
        raise NotFound("webhook", webhook_id)
    return one


def _webhook(one: Webhook) -> api.Webhook:
    return api.Webhook(
        id=one.id,
        url=one.url,
        events=list(one.events) or list(TYPES),
        all=one.all_spaces,
        state=one.state,
        reason=one.reason,
        failing_since=time(one.failing_since),
        waiting=one.waiting,
        dropped=one.dropped,
        created_at=Time.of(one.created_at),
    )
