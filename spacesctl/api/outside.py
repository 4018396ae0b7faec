"""Webhooks and notifications: what is sent to addresses outside."""

from __future__ import annotations

from typing import Annotated, Literal

from spacesctl.api.wire import Answer, Given, Meta, Time
from spacesctl.domain.words import WebhookType


class NewWebhook(Given, frozen=True, kw_only=True):
    """A webhook to create."""

    url: str
    events: Annotated[list[WebhookType], Meta(max_length=20)] = []
    """Types of messages; empty means all."""
    all: bool = False
    """For all Spaces, not only the caller's own. For admins."""

    def __repr__(self) -> str:
        return "NewWebhook(...)"  # it has a secret


class Webhook(Answer, frozen=True, kw_only=True):
    """A webhook. It is disabled when it fails for days; `reason` says why."""

    id: str
    url: str
    events: list[str]
    all: bool
    state: Literal["active", "disabled"]
    reason: str | None
    failing_since: Time | None
    waiting: int
    """Deliveries that are still to come."""
    dropped: int
    created_at: Time


class MadeWebhook(Webhook, frozen=True, kw_only=True):
    """A new webhook with its signing secret (Standard Webhooks), which no other answer contains. Null when the request is repeated."""

    secret: str | None

    def __repr__(self) -> str:
        return "MadeWebhook(...)"  # it has a secret


class RenewedSecret(Answer, frozen=True, kw_only=True):
    """The new signing secret of a webhook, which no other answer contains. Messages are signed with the earlier one, too, until
    `both_until`."""

    id: str
    secret: str
    both_until: Time

    def __repr__(self) -> str:
        return "RenewedSecret(...)"  # it has a secret


class WebhookTest(Answer, frozen=True, kw_only=True):
    """What became of a test message: the `status` of the answer, or the `problem`."""

    id: str
    delivered: bool
    status: int | None
    problem: str | None


class Delivery(Answer, frozen=True, kw_only=True):
    """A message to a webhook."""

    id: str
    type: str
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    status: int | None
    problem: str | None
    created_at: Time
    next_at: Time | None
    space_id: str | None


class NewOutlet(Given, frozen=True, kw_only=True):
    """An address for notifications."""

    url: Annotated[str, Meta(max_length=1_000)]
    """An apprise address such as `tgram://TOKEN/CHAT`. It contains a secret: it is stored encrypted and never shown again."""

    def __repr__(self) -> str:
        return "NewOutlet(url=...)"


class Outlet(Answer, frozen=True, kw_only=True):
    """An address to which the caller's direct messages are sent too. Of the `address` only the service is shown."""

    id: str
    address: str
    sent: int
    skipped: int
    failures: int
    retry_at: Time | None
    created_at: Time


class OutletTest(Answer, frozen=True, kw_only=True):
    """Whether the service took a test message."""

    id: str
    delivered: bool
