"""Signing in and up from a browser, links that are good for one use, programs that are let in, recovery."""

from __future__ import annotations

import json

from spacesctl.server.http.oidc import Provider
from spacesctl.server.http.oidc_settings import Oidc
from tests.api.authenticator import Authenticator
from tests.api.browser import PASSWORD, Browser, code_of
from tests.api.oidc_provider import CLIENT, SECRET, providing
from tests.wire.wire import Caller, Wire


async def play(wire: Wire) -> None:
    page = Caller(wire, Browser(wire.api))
    made = await wire.owner.ok("POST", "/v1/sign-up/invitations", status=201)
    wish = {"handle": "xia", "name": "Xia", "password": PASSWORD, "invitation": code_of(made["url"])}
    made = await page.ok("POST", "/v1/sign-up", wish, status=201)
    wire.normal.name(made["id"], "account xia")
    await page.ok("GET", "/v1/sign-in")
    await page.ok("GET", "/v1/accounts/me/tokens")
    await page.ok("PUT", "/v1/accounts/me/password", {"password": "another long one", "current": PASSWORD})
    await page.ok("POST", "/v1/session", {"handle": "xia", "password": "another long one"}, status=201)
    await page.ok("POST", "/v1/session", {"handle": "xia", "password": "a wrong one"}, status=401)
    made = await page.ok("POST", "/v1/accounts/me/links", status=201)
    await page.ok("POST", "/v1/session/link", {"code": code_of(made["url"])}, status=201)
    await _passkey(page)
    await _provider(wire, page)
    await page.call("DELETE", "/v1/session", status=204)
    made = await wire.owner.ok("POST", "/v1/accounts/@xia/recovery", status=201)
    await page.prepare("POST", "/v1/session/link", {"code": code_of(made["url"])}, status=201)
    await _let_in(wire, page)
    open_line = Caller(wire, Browser(wire.api, "http://space.test"))
    await open_line.ok("GET", "/v1/sign-in")
    await open_line.ok("POST", "/v1/session", {"handle": "xia", "password": PASSWORD}, status=403)


async def _passkey(page: Caller) -> None:
    key = Authenticator(origin="http://space.test")
    asked = await page.ok("POST", "/v1/accounts/me/passkeys/options")
    made = {"id": asked["id"], "credential": key.make(json.loads(asked["options"])), "label": "laptop"}
    made = await page.ok("POST", "/v1/accounts/me/passkeys", made, status=201)
    asked = await page.ok("POST", "/v1/session/passkey/options")
    signed = {"id": asked["id"], "credential": key.sign(json.loads(asked["options"]))}
    await page.ok("POST", "/v1/session/passkey", signed, status=201)
    await page.ok("POST", "/v1/session/passkey", signed, status=401)
    await page.ok("GET", "/v1/accounts/me/passkeys")
    await page.call("DELETE", f"/v1/accounts/me/passkeys/{made['id']}", status=204)


async def _provider(wire: Wire, page: Caller) -> None:
    redirect = "http://space.test/sign-in"
    async with providing(redirect) as there:
        there.now = lambda: int(wire.clock.now().timestamp())
        settings = {"issuer": there.issuer, "client_id": CLIENT, "client_secret": SECRET, "name": "Example"}
        wire.api.app.provider = Provider(Oidc.model_validate(settings), redirect)
        wire.normal.name(f"127.0.0.1:{there.port}", "provider")
        asked = await page.ok("POST", "/v1/session/provider", {})
        await page.call("POST", "/v1/session/provider/answer", there.authorize(asked["url"]), status=204)
        await page.ok("GET", "/v1/accounts/me/provider")
        away = Caller(wire, Browser(wire.api))
        asked = await away.prepare("POST", "/v1/session/provider", {})
        await away.ok("POST", "/v1/session/provider/answer", there.authorize(asked["url"]), status=201)
        await page.call("DELETE", "/v1/accounts/me/provider", status=204)
        await wire.api.app.provider.close()
        wire.api.app.provider = None


async def _let_in(wire: Wire, page: Caller) -> None:
    asked = await wire.nobody.ok("POST", "/v1/devices", {"label": "spacesctl on desk"}, status=201)
    question = {"device_code": asked["device_code"]}
    await wire.nobody.ok("POST", "/v1/devices/token", question, status=409)
    await page.ok("GET", f"/v1/devices/{asked['user_code']}")
    await page.ok("PUT", f"/v1/devices/{asked['user_code']}", {"approve": True})
    await wire.nobody.ok("POST", "/v1/devices/token", question, status=201)
    await wire.nobody.ok("POST", "/v1/devices/token", question, status=401)
