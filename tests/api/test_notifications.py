"""Notifications out: messages also go where somebody wants them, and the address stays sealed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from spacesctl.application.links import with_sign_in
from spacesctl.domain.errors import Invalid, Unavailable
from spacesctl.server.delivery import apprise_address, sender
from spacesctl.server.delivery.apprise_address import DEFAULT_SCHEMES, ON_THIS_MACHINE, scheme_of, shown
from spacesctl.server.delivery.notification_sender import Deliver, NotificationSender
from spacesctl.store import notifications as store
from spacesctl.store.tables import dms, outlets
from spacesctl.support.clock import REAL
from tests.api.browser import Browser
from tests.api.harness import Api, As
from tests.api.receiver import receiving
from tests.typed import sure

pytestmark = pytest.mark.anyio
SCHEMES = frozenset({"json", "tgram"})


@asynccontextmanager
async def sending(api: Api, deliver: Deliver = apprise_address.deliver) -> AsyncIterator[NotificationSender]:
    app = api.app
    app.notify_schemes = SCHEMES
    app.outlets = NotificationSender(app.db, app.keys, SCHEMES, app.sent, deliver, look_every=0.01)
    task = asyncio.create_task(app.outlets.run())
    try:
        yield app.outlets
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Service:
    """Stands for apprise: keeps what is sent and refuses while `down`."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str]] = []
        self.down = False

    def __call__(self, url: str, allowed: Collection[str], title: str, body: str) -> bool:
        if not self.down:
            self.got.append((title, body))
        return not self.down


async def outlet(who: As) -> dict[str, Any]:
    [row] = (await who.ok("GET", "/v1/notifications"))["data"]
    assert isinstance(row, dict)
    return row


async def until(who: As, **expected: Any) -> None:
    """Until its one outlet shows this."""
    async with asyncio.timeout(8):
        while expected.items() - (await outlet(who)).items():
            await asyncio.sleep(0.01)


async def test_messages_and_invitations_arrive_by_the_real_library(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    async with receiving() as receiver, sending(api):
        await host.ok("POST", "/v1/dms", {"to": "@ann", "text": "before"})
        made = await ann.ok(
            "POST", "/v1/notifications", {"url": f"json://user:s3cret@127.0.0.1:{receiver.port}/s3cret"}
        )
        assert made["address"] == "json://127.0.0.1/…"
        await host.ok("POST", "/v1/dms", {"to": "@ann", "text": "hello ann"})
        space = await host.ok("POST", "/v1/spaces", {"title": "T", "invite": ["@ann"]})
        await receiver.until(2)
        first, second = (json.loads(request.body) for request in receiver.got)
        assert (first["title"], first["message"]) == ("Message from @host", "hello ann")
        assert second["title"] == "Invitation from @host"
        assert space["link"] in second["message"]
        await until(ann, sent=2, failures=0)
        assert (await ann.ok("POST", f"/v1/notifications/{made['id']}/test"))["delivered"] is True
        assert "test" in json.loads(receiver.got[2].body)["message"]
        await ann.ok("DELETE", f"/v1/notifications/{made['id']}")
        assert (await ann.ok("GET", "/v1/notifications"))["data"] == []


async def test_a_forwarded_invitation_signs_its_invitee_in_once_and_the_stored_one_does_not(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    service, app = Service(), api.app
    app.notify_schemes = SCHEMES
    app.outlets = NotificationSender(
        app.db, app.keys, SCHEMES, app.sent, service, look_every=0.01, sign_in=partial(with_sign_in, app)
    )
    task = asyncio.create_task(app.outlets.run())
    await ann.ok("POST", "/v1/notifications", {"url": "tgram://123456789:abcdefg_hijklmnop/12315544/"})
    space = await host.ok("POST", "/v1/spaces", {"title": "T"})
    path, trap = f"/v1/spaces/{space['id']}", f"https://e.test/?{space['link']}"
    await host.ok("PATCH", path, {"title": trap})
    await host.ok("POST", f"{path}/invites", {"handles": ["@ann"], "message": f"or {trap}"})
    await host.ok("POST", "/v1/dms", {"to": "@ann", "text": f"come to {space['link']}"})
    await until(ann, sent=2)
    (_, invitation), (_, message) = service.got
    assert invitation.count("#link=") == 1
    assert f"{trap}#" not in invitation, "who invites gets the code into no address of theirs"
    code = invitation.partition(f"{space['link']}#link=")[2].split()[0]
    assert "#" not in message, "only what the server itself writes has a link that signs in"
    assert code not in str(await ann.ok("GET", "/v1/dms"))
    page = Browser(api)
    found = await page.ok("POST", "/v1/session/link", {"code": code})
    assert (found["handle"], found["space_id"]) == ("@ann", space["id"])
    assert (await page.refused("POST", "/v1/session/link", {"code": code}))["status"] == 401
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_redirect_is_not_followed(api: Api) -> None:
    ann = await api.account("ann")
    async with receiving([302]) as receiver, sending(api):
        made = await ann.ok("POST", "/v1/notifications", {"url": f"json://127.0.0.1:{receiver.port}/x"})
        assert (await ann.ok("POST", f"/v1/notifications/{made['id']}/test"))["delivered"] is False
        assert [request.path for request in receiver.got] == ["/x"]


async def test_what_fails_is_tried_again_in_order_and_what_is_old_is_given_up(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    service = Service()
    service.down = True
    async with sending(api, service):
        await ann.ok("POST", "/v1/notifications", {"url": "tgram://123456789:abcdefg_hijklmnop/12315544/"})
        for text in ("one", "two"):
            await host.ok("POST", "/v1/dms", {"to": "@ann", "text": text})
        await until(ann, failures=1)
        assert (await outlet(ann))["retry_at"] is not None
        service.down = False
        await _retry_now(api)
        await until(ann, sent=2, failures=0)
        assert [body for _, body in service.got] == ["one", "two"]
        service.down = True
        await host.ok("POST", "/v1/dms", {"to": "@ann", "text": "three"})
        await until(ann, failures=1)
        async with api.app.db.begin() as db:
            await db.execute(update(dms).where(dms.c.text == "three").values(at=REAL.now() - timedelta(days=2)))
        await _retry_now(api)
        await until(ann, skipped=1, failures=2)
        assert api.app.sent == {"notification failed": 3, "notification delivered": 2}


async def _retry_now(api: Api) -> None:
    async with api.app.db.begin() as db:
        await db.execute(update(outlets).values(retry_at=REAL.now()))


async def test_what_waits_for_one_is_bounded_and_the_newest_stay(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "QUEUE", 2)
    host, ann = await api.accounts("host", "ann")
    service = Service()
    service.down = True
    api.app.notify_schemes = SCHEMES
    await ann.ok("POST", "/v1/notifications", {"url": "tgram://123456789:abcdefg_hijklmnop/12315544/"})
    for text in ("one", "two", "three", "four"):
        await host.ok("POST", "/v1/dms", {"to": "@ann", "text": text})
    async with sending(api, service):
        await until(ann, skipped=2)
        service.down = False
        await _retry_now(api)
        await until(ann, sent=2)
        assert [body for _, body in service.got] == ["three", "four"]


class Looks:
    """The pauses between two looks for messages, in seconds. Each lasts until `end`, and no time goes by."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pauses: list[float] = []
        self._now: asyncio.Timeout | None = None
        monkeypatch.setattr(sender, "asyncio", SimpleNamespace(**{**vars(asyncio), "timeout": self._pause}))

    def _pause(self, seconds: float) -> asyncio.Timeout:
        self.pauses.append(seconds)
        self._now = asyncio.timeout(None)
        return self._now

    async def begun(self, count: int) -> None:
        """Until this many pauses have begun, and everything else has come to rest."""
        async with asyncio.timeout(8):
            while len(self.pauses) < count:
                await asyncio.sleep(0.01)
        for _ in range(20):
            await asyncio.sleep(0)

    def end(self) -> None:
        sure(self._now).reschedule(0.0)


async def test_between_two_messages_to_an_address_is_a_pause_of_two_seconds(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, ann = await api.accounts("host", "ann")
    service, looks = Service(), Looks(monkeypatch)
    api.app.notify_schemes = SCHEMES
    await ann.ok("POST", "/v1/notifications", {"url": "tgram://123456789:abcdefg_hijklmnop/12315544/"})
    for text in ("one", "two"):
        await host.ok("POST", "/v1/dms", {"to": "@ann", "text": text})
    outlet_sender = NotificationSender(api.app.db, api.app.keys, SCHEMES, api.app.sent, service)
    task = asyncio.create_task(outlet_sender.run())
    try:
        for number, sent in enumerate((["one"], ["one", "two"]), 1):
            await until(ann, sent=number)
            async with asyncio.timeout(8):
                while outlet_sender._sending:
                    await asyncio.sleep(0.01)
            await looks.begun(number)
            assert [body for _, body in service.got] == sent
            assert looks.pauses == [2.0] * number, "that a message arrived does not end the pause"
            looks.end()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_after_an_error_of_the_database_notifications_pause_as_long(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks(monkeypatch)

    async def locked(*_: Any, **__: Any) -> list[Any]:
        raise Unavailable("the database is locked", reason="database_locked")

    monkeypatch.setattr(store, "due", locked)
    outlet_sender = NotificationSender(api.app.db, api.app.keys, SCHEMES, api.app.sent, Service())
    task = asyncio.create_task(outlet_sender.run())
    for number in (1, 2):
        await looks.begun(number)
        assert looks.pauses == [2.0] * number
        looks.end()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_address_is_its_owners_alone_and_sealed_in_the_store(api: Api, tmp_path: Path) -> None:
    host, ann = await api.accounts("host", "ann")
    api.app.notify_schemes = SCHEMES
    secret = "123456789:abcdefg_hijklmnop"
    body = {"url": f"tgram://{secret}/12315544/"}
    made = await ann.ok("POST", "/v1/notifications", body, headers={"Idempotency-Key": "k"})
    assert made["address"] == "tgram://…"
    path = f"/v1/notifications/{made['id']}"
    for method, place in (("DELETE", path), ("POST", f"{path}/test")):
        assert (await host.refused(method, place))["status"] == 404
        assert (await api.nobody.refused(method, place))["status"] == 401
    assert (await host.ok("GET", "/v1/notifications"))["data"] == []

    def dump() -> str:
        with sqlite3.connect(tmp_path / "data" / "spaces.db") as db:
            text = "\n".join(db.iterdump())
        db.close()
        return text

    text = await asyncio.to_thread(dump)
    assert made["id"] in text
    assert secret not in text
    assert "abcdefg" not in text


async def test_the_same_idempotency_key_adds_one_address_and_tells_it_from_another(api: Api) -> None:
    ann, key = await api.account("ann"), {"Idempotency-Key": "k"}
    api.app.notify_schemes = SCHEMES
    body = {"url": "tgram://123456789:abcdefg_hijklmnop/12315544/"}
    first = await ann.ok("POST", "/v1/notifications", body, headers=key)
    again = await ann.call("POST", "/v1/notifications", body, headers=key)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first
    assert (await outlet(ann))["id"] == first["id"]
    other = {"url": "tgram://123456789:abcdefg_hijklmnop/99999999/"}
    assert (await ann.refused("POST", "/v1/notifications", other, headers=key))["code"] == "conflict"


BAD = {
    "a scheme that the operator did not allow": "json://127.0.0.1/",
    "a file": "file:///etc/passwd",
    "this machine": "syslog://",
    "nothing": "",
    "no address of its kind": "tgram://",
    "a template of the server's": "discord://123456789012345678/abcdefghijkl?template=/etc/passwd",
    "TLS weakened": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ?verify=no",
    "redirects": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ?redirect=yes",
    "too long": "tgram://123456789:abcdefg_hijklmnop/" + 1_000 * "1",
}


@pytest.mark.parametrize("url", BAD.values(), ids=BAD)
async def test_what_may_not_be_an_address_is_refused_without_quoting_it(api: Api, url: str) -> None:
    ann = await api.account("ann")
    api.app.notify_schemes = frozenset(DEFAULT_SCHEMES)
    problem = await ann.refused("POST", "/v1/notifications", {"url": url})
    assert problem["code"] == "invalid"
    rest = url.partition("://")[2]
    assert not rest or rest not in json.dumps(problem)


def test_what_is_on_this_machine_is_never_allowed() -> None:
    for scheme in ON_THIS_MACHINE:
        with pytest.raises(Invalid):
            scheme_of(f"{scheme}://x", {scheme})


def test_all_default_schemes_are_the_librarys_and_go_to_hosts_of_their_own() -> None:
    import apprise

    known = {
        name: row["details"]["tokens"]
        for row in apprise.Apprise().details()["schemas"]
        for name in (*(row["protocols"] or ()), *(row["secure_protocols"] or ()))
    }
    assert set(DEFAULT_SCHEMES) <= set(known)
    assert [name for name in DEFAULT_SCHEMES if "host" in known[name]] == []
    assert shown("tgram://123456789:abcdefg_hijklmnop/12315544/", DEFAULT_SCHEMES) == "tgram://…"


async def test_without_the_library_it_says_what_to_install(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    api.app.notify_schemes = SCHEMES
    problem = await api.owner.refused("POST", "/v1/notifications", {"url": "tgram://123456789:abcdefg_hijklmnop/1/"})
    assert problem["reason"] == "not_installed"
    assert "spacesctl[notify]" in problem["hint"]


@pytest.mark.parametrize("cause", ["uninvite", "block", "address removed"])
async def test_a_forwarded_link_goes_with_what_it_stood_on(api: Api, cause: str) -> None:
    host, ann = await api.accounts("host", "ann")
    api.app.notify_schemes = SCHEMES
    space = await host.ok("POST", "/v1/spaces", {"title": "T", "invite": ["@ann"]})
    other = await host.ok("POST", "/v1/spaces", {"title": "T"})
    forwarded = await with_sign_in(api.app, ann.id, space["id"], f"Come: {space['link']}")
    own = await host.ok("POST", "/v1/accounts/me/links", {"space_id": other["id"]})
    elsewhere = await ann.ok("POST", "/v1/accounts/me/links", {"space_id": other["id"]})
    row = await ann.ok("POST", "/v1/notifications", {"url": "tgram://123456789:abcdefg_hijklmnop/12315544/"})
    match cause:
        case "uninvite":
            await host.ok("DELETE", f"/v1/spaces/{space['id']}/invites/@ann")
        case "block":
            await host.ok("PUT", "/v1/accounts/me/blocks/@ann")
        case _:
            await ann.ok("DELETE", f"/v1/notifications/{row['id']}")
    page = Browser(api)
    gone = await page.refused("POST", "/v1/session/link", {"code": forwarded.partition("#link=")[2]})
    assert gone["status"] == 401
    again = await page.call("POST", "/v1/session/link", {"code": elsewhere["url"].partition("#link=")[2]})
    assert again.status_code == (201 if cause == "uninvite" else 401)
    await Browser(api).ok("POST", "/v1/session/link", {"code": own["url"].partition("#link=")[2]})
