"""Passkeys: registered and used with an authenticator in software, and refused when anything about them is wrong."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from spacesctl.application import challenges, passkeys
from tests.api.authenticator import PRESENT, VERIFIED, Authenticator, b64
from tests.api.browser import Browser, with_password
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio
MINE, SIGN_IN = "/v1/accounts/me/passkeys", "/v1/session/passkey"


@pytest.fixture
def named(api: Api) -> Api:
    api.app.base_url = "https://space.test"
    return api


async def registered(api: Api, key: Authenticator, handle: str = "ann") -> tuple[As, Browser]:
    ann, page = await with_password(api, handle), Browser(api)
    await page.sign_in(handle)
    asked = await page.ok("POST", f"{MINE}/options")
    body = {"id": asked["id"], "credential": key.make(json.loads(asked["options"])), "label": "laptop"}
    made = await page.ok("POST", MINE, body)
    assert (made["id"], made["label"], made["used_at"]) == (b64(key.id), "laptop", None)
    return ann, page


async def tried(page: Browser, key: Authenticator, **instead: str) -> Any:
    asked = await page.ok("POST", f"{SIGN_IN}/options")
    body = {"id": asked["id"], "credential": key.sign(json.loads(asked["options"])), **instead}
    return await page.call("POST", SIGN_IN, body)


async def test_a_passkey_signs_in_without_a_handle_or_a_password(named: Api) -> None:
    key, page = Authenticator(), Browser(named)
    ann, _ = await registered(named, key)
    for _ in range(2):
        answer = await tried(page, key)
        assert (answer.status_code, answer.json()["handle"]) == (201, "@ann")
    assert (await page.current())["label"] == "Firefox on Linux, by passkey"
    [shown] = (await ann.ok("GET", MINE))["data"]
    assert shown["used_at"] is not None
    texts = [one["text"] for one in (await ann.ok("GET", "/v1/dms"))["data"]]
    assert any(text.startswith("A passkey was added to this account: “laptop”") for text in texts)
    await ann.ok("DELETE", f"{MINE}/{shown['id']}")
    assert (await tried(page, key)).status_code == 401
    assert (await ann.refused("DELETE", f"{MINE}/{shown['id']}"))["status"] == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.test"}, {"rp_id": "evil.test"}, {"flags": PRESENT}, {"flags": VERIFIED}, {"id": b"another passkey"},
        {"user": b"1"}, {"key": ec.generate_private_key(ec.SECP256R1())}, {"count": -1},
    ],
    ids=lambda value: next(iter(value)),
)  # fmt: skip
async def test_what_is_signed_wrongly_signs_nobody_in(named: Api, wrong: dict[str, Any]) -> None:
    key, page = Authenticator(), Browser(named)
    await registered(named, key)
    assert (await tried(page, key)).status_code == 201
    await page.ok("DELETE", "/v1/session")
    for name, value in wrong.items():
        setattr(key, name, value)
    answer = await tried(page, key)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert await page.whoami() is None


@pytest.mark.parametrize("credential", ["", "x", "{}", "[]", "null", '{"id": 7}', "[" * 5_000])
async def test_what_is_no_credential_is_refused(named: Api, credential: str) -> None:
    page = Browser(named)
    _, here = await registered(named, Authenticator())
    assert (await tried(page, Authenticator(), credential=credential)).status_code == 401
    asked = await here.ok("POST", f"{MINE}/options")
    problem = await here.refused("POST", MINE, {"id": asked["id"], "credential": credential})
    assert problem["field"] == "credential"


async def test_a_challenge_is_good_once_and_for_whom_it_was_made(named: Api) -> None:
    key, page, other = Authenticator(), Browser(named), Browser(named)
    _, here = await registered(named, key)
    asked = await page.ok("POST", f"{SIGN_IN}/options")
    body = {"id": asked["id"], "credential": key.sign(json.loads(asked["options"]))}
    assert (await other.call("POST", SIGN_IN, body)).status_code == 201, "as a browser without cookies would"
    assert (await page.refused("POST", SIGN_IN, body))["status"] == 401
    _, bens = await registered(named, Authenticator(id=b"the passkey of ben"), "ben")
    asked = await here.ok("POST", f"{MINE}/options")
    made = Authenticator(id=b"one more passkey").make(json.loads(asked["options"]))
    assert (await bens.refused("POST", MINE, {"id": asked["id"], "credential": made}))["status"] == 401


async def test_a_challenge_is_over_after_minutes_and_only_so_many_wait(
    named: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, page = Authenticator(), Browser(named)
    await registered(named, key)
    monkeypatch.setattr(challenges, "MOST_CHALLENGES", 2)
    first = await page.ok("POST", f"{SIGN_IN}/options")
    for _ in range(2):
        last = await page.ok("POST", f"{SIGN_IN}/options")
    answers = [
        (
            await page.call("POST", SIGN_IN, {"id": one["id"], "credential": key.sign(json.loads(one["options"]))})
        ).status_code
        for one in (first, last)
    ]
    assert answers == [401, 201]
    waiting = named.app.challenges._waiting
    asked = await page.ok("POST", f"{SIGN_IN}/options")
    waiting[asked["id"]] = (*waiting[asked["id"]][:2], named.app.clock.now())
    body = {"id": asked["id"], "credential": key.sign(json.loads(asked["options"]))}
    assert (await page.refused("POST", SIGN_IN, body))["status"] == 401


async def test_a_passkey_that_was_copied_is_found_by_its_count(named: Api) -> None:
    key, page = Authenticator(), Browser(named)
    await registered(named, key)
    assert (await tried(page, key)).status_code == 201
    copy = Authenticator(id=key.id, key=key.key, user=key.user)
    assert (await tried(page, copy)).status_code == 401, "its count is behind"


async def test_of_two_who_use_a_passkey_at_once_with_one_count_one_is_let_in(named: Api) -> None:
    key = Authenticator()
    await registered(named, key)
    copy = Authenticator(id=key.id, key=key.key, user=key.user)
    answers = await asyncio.gather(tried(Browser(named), key), tried(Browser(named), copy))
    assert sorted(one.status_code for one in answers) == [201, 401]


async def test_the_same_passkey_is_registered_once_and_an_account_has_only_so_many(
    named: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Authenticator()
    _, page = await registered(named, key)
    asked = await page.ok("POST", f"{MINE}/options")
    assert json.loads(asked["options"])["excludeCredentials"][0]["id"] == b64(key.id)
    again = key.make(json.loads(asked["options"]))
    assert (await page.refused("POST", MINE, {"id": asked["id"], "credential": again}))["reason"] == "registered"
    monkeypatch.setattr(passkeys, "MOST", 1)
    assert (await page.call("POST", f"{MINE}/options")).status_code == 429


async def test_recovery_removes_passkeys_and_so_does_deletion(named: Api) -> None:
    key, page = Authenticator(), Browser(named)
    ann, _ = await registered(named, key)
    await named.owner.ok("POST", "/v1/accounts/@ann/recovery")
    assert (await ann.ok("GET", MINE))["data"] == []
    assert (await tried(page, key)).status_code == 401
    other = Authenticator(id=b"the passkey of ben")
    await registered(named, other, "ben")
    await named.owner.ok("DELETE", "/v1/accounts/@ben")
    assert (await tried(page, other)).status_code == 401


async def test_where_the_host_is_an_address_there_are_none_and_the_page_knows(api: Api) -> None:
    page = Browser(api)
    api.app.base_url = "https://192.0.2.7"
    assert not (await page.ok("GET", "/v1/sign-in"))["passkeys"]
    assert (await page.refused("POST", f"{SIGN_IN}/options"))["reason"] == "no_name"
    api.app.base_url = "https://space.test"
    assert (await page.ok("GET", "/v1/sign-in"))["passkeys"]
    api.app.base_url = "https://other.test"
    assert not (await page.ok("GET", "/v1/sign-in"))["passkeys"], "this page is reached by another name"
