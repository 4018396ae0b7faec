"""Programs that a person lets in, in a browser: once, for minutes, and by nobody else's guess."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from spacesctl.server.http import device_codes
from spacesctl.server.http.rates import Limits, Rates
from spacesctl.support.clock import VirtualClock
from tests.api.browser import Browser, with_password
from tests.api.harness import Api, As, running_api

pytestmark = pytest.mark.anyio
ASK, TAKE = "/v1/devices", "/v1/devices/token"


async def test_a_program_gets_a_token_of_who_lets_it_in_once(api: Api) -> None:
    await with_password(api, "ann")
    page, desk = Browser(api), api.nobody
    await page.sign_in("ann")
    asked = await desk.ok("POST", ASK, {"label": "spacesctl on desk"})
    assert asked["whole_url"] == f"http://space.test/device#code={asked['user_code']}"
    question = {"device_code": asked["device_code"]}
    assert (await desk.refused("POST", TAKE, question))["reason"] == "pending"
    shown = await page.ok("GET", f"{ASK}/{asked['user_code'].lower()}")
    assert (shown["label"], shown["host"]) == ("spacesctl on desk", "127.0.0.1")
    await page.ok("PUT", f"{ASK}/{asked['user_code']}", {"approve": True})
    made = await desk.ok("POST", TAKE, question)
    assert (made["handle"], made["scopes"], made["expires_at"]) == ("@ann", ["use"], None)
    mine = As(api, made["token"])
    [listed] = [one for one in (await mine.ok("GET", "/v1/accounts/me/tokens"))["data"] if one["current"]]
    assert (listed["kind"], listed["label"]) == ("token", "spacesctl on desk")
    assert (await mine.ok("GET", "/v1/dms"))["data"][0]["text"].startswith("You made a token for this account")
    assert (await desk.refused("POST", TAKE, question))["status"] == 401
    assert (await page.refused("GET", f"{ASK}/{asked['user_code']}"))["status"] == 404


async def test_who_is_refused_gets_nothing(api: Api) -> None:
    ann = await api.account("ann")
    asked = await api.nobody.ok("POST", ASK, {})
    question = {"device_code": asked["device_code"]}
    await ann.ok("PUT", f"{ASK}/{asked['user_code']}", {"approve": False})
    assert (await ann.refused("PUT", f"{ASK}/{asked['user_code']}", {"approve": True}))["status"] == 404
    assert (await api.nobody.refused("POST", TAKE, question))["reason"] == "denied"
    assert (await api.nobody.refused("POST", TAKE, question))["status"] == 401


async def test_an_operator_who_lets_a_program_in_does_not_make_it_one(api: Api) -> None:
    asked = await api.nobody.ok("POST", ASK, {})
    await api.owner.ok("PUT", f"{ASK}/{asked['user_code']}", {"approve": True})
    made = await api.nobody.ok("POST", TAKE, {"device_code": asked["device_code"]})
    assert (made["handle"], made["scopes"]) == ("@owner", ["use"])


async def test_a_page_of_another_site_lets_nobody_in(api: Api) -> None:
    await with_password(api, "ann")
    page = Browser(api)
    await page.sign_in("ann")
    asked = await api.nobody.ok("POST", ASK, {})
    path, yes = f"{ASK}/{asked['user_code']}", {"approve": True}
    assert (await page.refused("PUT", path, yes, headers={"Sec-Fetch-Site": "cross-site"}))["reason"] == "cross_site"
    assert (await api.nobody.refused("PUT", path, yes))["status"] == 401
    assert (await page.refused("PUT", path, yes, headers={"Dry-Run": "true"}))["field"] == "Dry-Run"
    assert (await api.nobody.refused("POST", TAKE, {"device_code": asked["device_code"]}))["reason"] == "pending"


async def test_who_was_signed_out_meanwhile_has_let_nobody_in(api: Api) -> None:
    await with_password(api, "ann")
    page = Browser(api)
    await page.sign_in("ann")
    asked = await api.nobody.ok("POST", ASK, {})
    await page.ok("PUT", f"{ASK}/{asked['user_code']}", {"approve": True})
    await page.ok("DELETE", "/v1/session")
    assert (await api.nobody.refused("POST", TAKE, {"device_code": asked["device_code"]}))["status"] == 401


async def test_a_code_is_over_after_ten_minutes(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 11, 30, 18, tzinfo=UTC))
    async with running_api(tmp_path / "data", clock=clock) as api:
        ann = await api.account("ann")
        asked = await api.nobody.ok("POST", ASK, {})
        clock.advance(device_codes.LASTS.total_seconds())
        assert (await ann.refused("GET", f"{ASK}/{asked['user_code']}"))["status"] == 404
        assert (await api.nobody.refused("POST", TAKE, {"device_code": asked["device_code"]}))["status"] == 401


async def test_only_so_many_wait(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_codes, "MOST_OF_ADDRESS", 2)
    ann = await api.account("ann")
    asked = [(await api.nobody.ok("POST", ASK, {}))["user_code"] for _ in range(3)]
    assert (await ann.refused("GET", f"{ASK}/{asked[0]}"))["status"] == 404, "one that was given up makes room"
    for code in asked[1:]:
        await ann.ok("GET", f"{ASK}/{code}")
    monkeypatch.setattr(device_codes, "MOST_OF_ADDRESS", 20)
    monkeypatch.setattr(device_codes, "MOST", 2)
    assert (await api.nobody.call("POST", ASK, {})).status_code == 503


async def test_guesses_at_codes_wear_out(api: Api) -> None:
    ann = await api.account("ann")
    api.app.rates = Rates(Limits(password="3/hour"))
    answers = [(await ann.call("GET", f"{ASK}/BCDF-GHJ{letter}")).status_code for letter in "BCDF"]
    assert answers == [404, 404, 404, 429]
