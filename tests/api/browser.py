"""A browser that asks the API: it keeps cookies, and says of each request that it comes from the server's own page."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api.harness import Api, As

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PASSWORD = "correct horse battery"


class Browser(As):
    """Signed out at first."""

    def __init__(self, api: Api, url: str = "https://space.test", **headers: str) -> None:
        super().__init__(api, None)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(api.checked, raise_app_exceptions=False),
            base_url=url,
            headers={"User-Agent": FIREFOX, "Sec-Fetch-Site": "same-origin", **headers},
        )

    async def sign_in(self, handle: str, password: str = PASSWORD) -> dict[str, Any]:
        """With a password that must be right."""
        found: dict[str, Any] = await self.ok("POST", "/v1/session", {"handle": handle, "password": password})
        return found

    async def whoami(self) -> str | None:
        """The handle of who is signed in."""
        account = (await self.ok("GET", "/v1/sign-in"))["account"]
        return account["handle"] if account else None

    async def current(self) -> dict[str, Any]:
        """The session that it uses, as it is listed."""
        [found] = [one for one in (await self.ok("GET", "/v1/accounts/me/tokens"))["data"] if one["current"]]
        assert isinstance(found, dict)
        return found


async def with_password(api: Api, handle: str, password: str = PASSWORD) -> As:
    """A new account that has a password; as a program with its token."""
    made = await api.account(handle)
    assert await made.ok("PUT", "/v1/accounts/me/password", {"password": password}) == {"ended": 0}
    return made


def code_of(url: str) -> str:
    """The code in a link."""
    return url.partition("=")[2]
