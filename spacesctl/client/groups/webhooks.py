"""Webhooks: signed messages to the caller's own programs."""

from __future__ import annotations

from spacesctl.api.outside import Delivery, MadeWebhook, NewWebhook, RenewedSecret, Webhook, WebhookTest
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Listing, Operation, SyncGroup, segment

NOTHING = type(None)


def _create(new: NewWebhook, *, idempotency_key: str | None = None) -> Call[MadeWebhook]:
    """Create a webhook. Only this answer has its secret."""
    return Call("POST", "/v1/webhooks", MadeWebhook, new, idempotency_key=idempotency_key)


def _list() -> Call[Page[Webhook]]:
    """The caller's webhooks."""
    return Call("GET", "/v1/webhooks", Page[Webhook])


def _delete(webhook_id: str) -> Call[None]:
    """Delete a webhook."""
    return Call("DELETE", f"/v1/webhooks/{segment(webhook_id)}", NOTHING)


def _renew(webhook_id: str) -> Call[RenewedSecret]:
    """Replace the signing secret. For a day, messages have the signatures of both."""
    return Call("POST", f"/v1/webhooks/{segment(webhook_id)}/secret", RenewedSecret)


def _test(webhook_id: str) -> Call[WebhookTest]:
    """Send one `ping` now."""
    return Call("POST", f"/v1/webhooks/{segment(webhook_id)}/test", WebhookTest)


def _deliveries(webhook_id: str) -> Call[Page[Delivery]]:
    """The newest 100 deliveries of the last 7 days."""
    return Call("GET", f"/v1/webhooks/{segment(webhook_id)}/deliveries", Page[Delivery])


class _Calls:
    create = Operation(_create)
    list = Listing(_list)
    delete = Operation(_delete)
    renew = Operation(_renew)
    test = Operation(_test)
    deliveries = Listing(_deliveries)


class Webhooks(_Calls, SyncGroup):
    """`client.webhooks`."""


class AsyncWebhooks(_Calls, AsyncGroup):
    """`client.webhooks`."""
