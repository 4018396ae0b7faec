"""Where messages go outside: webhooks of an account, and addresses of services that its direct messages are sent to as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row

from spacesctl.application.app import App
from spacesctl.application.once import Keep
from spacesctl.domain.errors import NotFound
from spacesctl.domain.ids import new_account_id
from spacesctl.domain.principals import Person
from spacesctl.store import audit, notifications, webhooks


async def add_webhook(
    app: App,
    person: Person,
    url: str,
    events: list[str],
    *,
    all_spaces: bool,
    may_have: Callable[[int], None],
    keep: Keep[Row[Any]],
) -> Row[Any]:
    """Add a webhook with a checked URL. `may_have` is called with the number of the account's webhooks, and raises TooMany."""
    now, made_id = app.clock.now(), new_account_id()
    row = {
        "id": made_id, "account_id": person.account_id, "url": url, "events": events, "all_spaces": all_spaces, "created_at": now,
    }  # fmt: skip
    async with app.db.begin() as db:
        may_have(len(await webhooks.of_account(db, person.account_id or "")))
        await webhooks.add(db, row)
        await audit.append(db, audit.Entry("webhook.add", person, None, None, {"webhook": made_id}), now)
        made = await webhooks.get(db, made_id)
        await keep(db, made, now)
    return made


async def remove_webhook(app: App, person: Person, webhook_id: str) -> None:
    """Remove a webhook of the person; its waiting deliveries are dropped. Raises NotFound."""
    async with app.db.begin() as db:
        _require_own(await webhooks.get(db, webhook_id), person, "webhook")
        await webhooks.remove(db, webhook_id)
        entry = audit.Entry("webhook.remove", person, None, None, {"webhook": webhook_id})
        await audit.append(db, entry, app.clock.now())


async def add_outlet(
    app: App, person: Person, sealed: str, shown: str, may_have: Callable[[int], None], keep: Keep[Row[Any]]
) -> Row[Any]:
    """Add an address, which is stored `sealed` and `shown` without its secret. `may_have` as in `add_webhook`."""
    now, made_id = app.clock.now(), new_account_id()
    row = {"id": made_id, "account_id": person.account_id, "sealed": sealed, "shown": shown, "created_at": now}
    async with app.db.begin() as db:
        may_have(len(await notifications.of_account(db, person.account_id or "")))
        await notifications.add(db, row)
        await audit.append(db, audit.Entry("notifications.add", person, None, None, {"outlet": made_id}), now)
        made = await notifications.get(db, made_id)
        await keep(db, made, now)
    return made


async def remove_outlet(app: App, person: Person, outlet_id: str) -> None:
    """Remove an address of the person. Raises NotFound."""
    async with app.db.begin() as db:
        _require_own(await notifications.get(db, outlet_id), person, "notification address")
        await notifications.remove(db, outlet_id)
        entry = audit.Entry("notifications.remove", person, None, None, {"outlet": outlet_id})
        await audit.append(db, entry, app.clock.now())


def _require_own(row: Row[Any], person: Person, noun: str) -> None:
    if row.account_id != person.account_id:
        raise NotFound(noun, row.id)
