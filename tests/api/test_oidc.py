"""Signing in by a provider of OpenID Connect, against one that listens on this machine and signs what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr, ValidationError

from spacesctl.domain.words import SignUp
from spacesctl.server.http import oidc
from spacesctl.server.http.oidc import Provider
from spacesctl.server.http.oidc_settings import Oidc
from tests.api.browser import Browser, code_of, with_password
from tests.api.harness import Api
from tests.api.oidc_provider import CLIENT, SECRET, OidcProvider, providing

pytestmark = pytest.mark.anyio
GO, BACK = "/v1/session/provider", "/v1/session/provider/answer"
MINE = "/v1/accounts/me/provider"


@dataclass
class Here:
    """A server with a provider."""

    api: Api
    there: OidcProvider

    async def answer(self, page: Browser, **wish: str) -> dict[str, str]:
        """What a browser comes back with."""
        asked = await page.ok("POST", GO, wish)
        return self.there.authorize(asked["url"])

    async def comes(self, page: Browser, **wish: str) -> Any:
        return await page.call("POST", BACK, await self.answer(page, **wish))


@pytest.fixture
async def here(api: Api, anyio_backend: str) -> AsyncIterator[Here]:
    async with providing("https://space.test/sign-in") as there:
        settings = Oidc(issuer=there.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET), name="Example")
        provider = Provider(settings, "https://space.test/sign-in")
        api.app.base_url, api.app.provider, api.app.sign_up = "https://space.test", provider, SignUp.OPEN
        yield Here(api, there)
        await provider.close()


async def test_who_has_no_account_gets_one_and_is_signed_in_again_as_the_same(here: Here) -> None:
    page, again = Browser(here.api), Browser(here.api)
    assert (await page.ok("GET", "/v1/sign-in"))["provider"] == "Example"
    made = (await here.comes(page)).json()
    assert (made["handle"], made["name"]) == ("@annlee", "Ann Lee")
    assert (await page.current())["label"] == "Firefox on Linux, by provider"
    here.there.who |= {"preferred_username": "somebody else", "name": "X"}
    assert (await here.comes(again)).json()["id"] == made["id"], "the subject is what counts"
    here.there.who["sub"] = "1002"
    here.there.who["preferred_username"] = "ann.lee"
    other = (await here.comes(Browser(here.api))).json()
    assert other["id"] != made["id"]
    assert other["handle"].startswith("@annlee")
    assert other["handle"] != "@annlee"


async def test_accounts_are_made_as_sign_up_says(here: Here) -> None:
    here.api.app.sign_up = SignUp.CLOSED
    assert (await here.comes(Browser(here.api))).json()["reason"] == "sign_up"
    here.api.app.sign_up = SignUp.INVITATION
    assert (await here.comes(Browser(here.api))).json()["reason"] == "sign_up"
    invitation = code_of((await here.api.owner.ok("POST", "/v1/sign-up/invitations"))["url"])
    assert (await here.comes(Browser(here.api), invitation=invitation)).status_code == 201
    assert (await here.comes(Browser(here.api))).status_code == 201, "who has an account needs no invitation"
    here.there.who["sub"] = "1002"
    assert (await here.comes(Browser(here.api), invitation=invitation)).json()["reason"] == "sign_up", "it is used up"


async def test_who_is_signed_in_links_the_account_that_they_have(here: Here) -> None:
    await with_password(here.api, "ann")
    page = Browser(here.api)
    await page.sign_in("ann")
    assert await page.ok("GET", MINE) == {"linked": False}
    assert (await here.comes(page)).status_code == 204
    assert await page.ok("GET", MINE) == {"linked": True}
    assert (await here.comes(Browser(here.api))).json()["handle"] == "@ann"
    await with_password(here.api, "ben")
    bens = Browser(here.api)
    await bens.sign_in("ben")
    assert (await here.comes(bens)).json()["reason"] == "linked"
    await page.ok("DELETE", MINE)
    assert (await page.refused("DELETE", MINE))["status"] == 404
    assert (await here.comes(Browser(here.api))).json()["handle"] == "@annlee"


async def test_who_signs_out_meanwhile_links_nothing(here: Here) -> None:
    await with_password(here.api, "ann")
    page = Browser(here.api)
    await page.sign_in("ann")
    answer = await here.answer(page)
    await page.ok("DELETE", "/v1/session")
    assert (await page.call("POST", BACK, answer)).status_code == 401


async def test_an_answer_is_good_once_in_the_browser_that_asked_and_for_minutes(here: Here) -> None:
    page, other = Browser(here.api), Browser(here.api)
    answer = await here.answer(page)
    assert (await other.call("POST", BACK, answer)).status_code == 401, "an attacker sends their own answer to somebody"
    assert (await page.call("POST", BACK, answer)).status_code == 401, "and it is used up by that"
    answer = await here.answer(page)
    assert (await page.call("POST", BACK, answer)).status_code == 201
    assert (await page.call("POST", BACK, answer)).status_code == 401
    answer = await here.answer(page)
    provider = here.api.app.provider
    assert provider is not None
    gone = provider._gone[answer["state"]]
    object.__setattr__(gone, "until", here.api.app.clock.now() - timedelta(seconds=1))
    assert (await page.call("POST", BACK, answer)).status_code == 401
    assert (await page.call("POST", BACK, {"state": "x", "code": "y"})).status_code == 401


async def test_a_code_of_somebody_else_is_refused_by_pkce(here: Here) -> None:
    page, other = Browser(here.api), Browser(here.api)
    mine, theirs = await here.answer(page), await here.answer(other)
    assert (await page.call("POST", BACK, {**mine, "code": theirs["code"]})).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"claims": {"iss": "https://evil.test"}}, {"claims": {"aud": "another"}}, {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}}, {"claims": {"exp": 1_000_000_000}}, {"claims": {"iat": 4_000_000_000}}, {"claims": {"sub": ""}},
        {"claims": {"sub": 7}}, {"claims": {"sub": "x" * 256}}, {"claims": {"aud": [CLIENT, "another"], "azp": "another"}},
        {"alg": "none"}, {"alg": "HS256"}, {"signs_with": None},
    ],
    ids=str,
)  # fmt: skip
async def test_what_is_signed_wrongly_signs_nobody_in(here: Here, wrong: dict[str, Any]) -> None:
    for name, value in wrong.items():
        setattr(here.there, name, RSAKey.generate_key(2048, {"kid": "one"}) if name == "signs_with" else value)
    page = Browser(here.api)
    answer = await here.comes(page)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert await page.whoami() is None


async def test_a_provider_that_changes_its_keys_is_believed_by_the_new_ones(here: Here) -> None:
    assert (await here.comes(Browser(here.api))).status_code == 201
    here.there.key = RSAKey.generate_key(2048, {"kid": "two"})
    assert (await here.comes(Browser(here.api))).status_code == 201
    assert here.there.asked.count("/realm/keys") == 2


async def test_a_provider_that_is_away_or_says_it_is_another_is_told(here: Here) -> None:
    page = Browser(here.api)
    here.there.down = True
    assert (await page.call("POST", GO, {})).status_code == 503
    here.there.down = False
    answer = await here.answer(page)
    here.there.down = True
    assert (await page.call("POST", BACK, answer)).status_code == 503
    here.there.down, here.there.claimed_issuer = False, "https://evil.test"
    provider = here.api.app.provider
    assert provider is not None
    provider._metadata = None
    assert (await page.call("POST", GO, {})).json()[
        "detail"
    ] == "the provider that signs people in says it is another one"


async def test_only_so_many_are_at_the_provider(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc, "MOST", 2)
    pages = [Browser(here.api) for _ in range(3)]
    answers = [await here.answer(page) for page in pages]
    codes = [(await page.call("POST", BACK, answer)).status_code for page, answer in zip(pages, answers, strict=True)]
    assert codes == [401, 201, 201]


async def test_recovery_and_deletion_end_it(here: Here) -> None:
    made = (await here.comes(Browser(here.api))).json()
    await here.api.owner.ok("POST", f"/v1/accounts/{made['id']}/recovery")
    other = (await here.comes(Browser(here.api))).json()
    assert other["id"] != made["id"]
    await here.api.owner.ok("DELETE", f"/v1/accounts/{other['id']}")
    assert (await here.comes(Browser(here.api))).json()["id"] not in (made["id"], other["id"])


async def test_without_a_provider_there_is_none(api: Api) -> None:
    page = Browser(api)
    assert (await page.ok("GET", "/v1/sign-in"))["provider"] is None
    assert (await page.refused("POST", GO, {}))["reason"] == "no_provider"


@pytest.mark.parametrize(
    "settings",
    [
        {"issuer": "https://id.example.org"},
        {"issuer": "http://id.example.org", "client_id": "x"},
        {"issuer": "id.example.org", "client_id": "x"},
        {"issuer": "https://id.example.org/?x", "client_id": "x"},
        {"issuer": "https://id.example.org", "client_id": "x", "secret": "y"},
    ],
)
def test_settings_that_cannot_work(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Oidc.model_validate(settings)


def test_the_secret_is_not_shown() -> None:
    settings = Oidc(issuer="https://id.example.org/realm", client_id="x", client_secret=SecretStr(SECRET))
    assert SECRET not in repr(settings)
    assert settings.shown == "id.example.org"
