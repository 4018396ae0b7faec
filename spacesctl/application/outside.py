"""Where messages go outside: webhooks of an account, and addresses of services that its direct messages are sent to as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spacesctl.application.app import App
from spacesctl.application.once import Keep
from spacesctl.domain.errors import NotFound
from spacesctl.domain.ids import new_account_id
from spacesctl.domain.principals import Person
from spacesctl.store import audit, links, notifications, webhooks
from spacesctl.store.notifications import Outlet
from spacesctl.store.webhooks import Webhook


async def add_webhook(
    app: App,
    person: Person,
    url: str,
    events: Sequence[str],
    *,
    all_spaces: bool,
    may_have: Callable[[int], None],
    keep: Keep[Webhook],
) -> Webhook:
    """Add a webhook with a checked URL. `may_have` is called with the number of the account's webhooks, and raises TooMany."""
    now = app.clock.now()
    made = Webhook(new_account_id(), person.account_id or "", url, events, all_spaces, now)
    async with app.begin(person) as db:
        may_have(len(await webhooks.of_account(db, made.account_id)))
        await webhooks.add(db, made)
        await audit.append(db, audit.Entry("webhook.add", person, None, None, {"webhook": made.id}), now)
        await keep(db, made, now)
    return made


async def remove_webhook(app: App, person: Person, webhook_id: str) -> None:
    """Remove a webhook of the person; its waiting deliveries are dropped. Raises NotFound."""
    async with app.begin(person) as db:
        _require_own(await webhooks.get(db, webhook_id), person, "webhook")
        await webhooks.remove(db, webhook_id)
        entry = audit.Entry("webhook.remove", person, None, None, {"webhook": webhook_id})
        await audit.append(db, entry, app.clock.now())


async def renew_secret(app: App, person: Person, webhook_id: str) -> Webhook:
    """Give a webhook of the person its next signing secret. Raises NotFound."""
    async with app.begin(person) as db:
        _require_own(await webhooks.get(db, webhook_id), person, "webhook")
        now = app.clock.now()
        renewed = await webhooks.renew(db, webhook_id, now)
        await audit.append(db, audit.Entry("webhook.renew", person, None, None, {"webhook": webhook_id}), now)
    return renewed


async def add_outlet(
    app: App, person: Person, sealed: str, shown: str, may_have: Callable[[int], None], keep: Keep[Outlet]
) -> Outlet:
    """Add an address, which is stored `sealed` and `shown` without its secret. `may_have` as in `add_webhook`."""
    now, me = app.clock.now(), person.account_id or ""
    async with app.begin(person) as db:
        may_have(len(await notifications.of_account(db, me)))
        made = await notifications.add(db, new_account_id(), me, sealed, shown, now)
        await audit.append(db, audit.Entry("notifications.add", person, None, None, {"outlet": made.id}), now)
        await keep(db, made, now)
    return made


async def remove_outlet(app: App, person: Person, outlet_id: str) -> None:
    """Remove an address of the person. Raises NotFound."""
    async with app.begin(person) as db:
        _require_own(await notifications.get(db, outlet_id), person, "notification address")
        await notifications.remove(db, outlet_id)
        await links.drop_to_spaces(db, person.account_id or "")  # what was sent there signs nobody in any longer
        entry = audit.Entry("notifications.remove", person, None, None, {"outlet": outlet_id})
        await audit.append(db, entry, app.clock.now())


def _require_own(one: Webhook | Outlet, person: Person, noun: str) -> None:
    if one.account_id != person.account_id:
        raise NotFound(noun, one.id)
