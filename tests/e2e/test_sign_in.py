"""A real browser signs in: by password, link and passkey; takes the seat it is offered, speaks without a token, lets a program in."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import ifaddr
import pytest

from tests import conform
from tests.e2e.scene import run
from tests.e2e.test_browser import TRACKS, Tab, tab
from tests.running import RunningServer, running_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed"),
]
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True, scope="module")
def the_document() -> None:
    """It reads sources, so not on the event loop."""
    conform.operations()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running_server(
        tmp_path / "data", "--no-bots", "--public-url", f"http://localhost:{port}", http=f"127.0.0.1:{port}"
    ) as running:
        yield running


def named(server: RunningServer) -> str:
    return server.url.replace("127.0.0.1", "localhost")


async def sign_up(server: RunningServer, browser: Tab, handle: str = "ann") -> None:
    with server.client(server.owner_token) as owner:
        link = owner.post("/v1/sign-up/invitations")["url"]
    await browser.page.goto(link)
    await browser.page.fill("#handle", handle)
    await browser.page.fill("#password", PASSWORD)
    await browser.page.click("#sign-up-form button")
    await browser.page.wait_for_url(f"{named(server)}/account")
    await browser.reads("title", f"@{handle}")


def test_from_an_invitation_to_an_account_that_signs_out_and_in_again(server: RunningServer, tmp_path: Path) -> None:
    async def body() -> None:
        async with tab(tmp_path) as browser:
            page = browser.page
            await sign_up(server, browser)
            await browser.reads("sessions", "by password")
            await browser.reads("sessions", "(this one)")
            cookies = await page.context.cookies()
            assert [(one["httpOnly"], one["sameSite"]) for one in cookies] == [(True, "Strict")]
            bens = server.account("ben")
            with server.client(bens["token"]) as ben:
                await page.goto(ben.post("/v1/accounts/me/links")["url"])
            await browser.reads("message", "you are signed in as @ann")
            await page.goto(f"{named(server)}/account")
            await browser.reads("title", "@ann")
            await page.click("#sign-out")
            await page.wait_for_url(f"{named(server)}/sign-in")
            await page.fill("#handle", "@ann")
            await page.fill("#password", "not the right one")
            await page.click("#password-form button")
            await browser.reads("message", "the handle or the password is wrong")
            assert len(await browser.errors()) == 1, "Chromium tells of the 401 in the console itself"
            await page.fill("#password", PASSWORD)
            await page.click("#password-form button")
            await page.wait_for_url(f"{named(server)}/account")
            await page.fill("#current", PASSWORD)
            await page.fill("#password", "another long one")
            await page.click("#password-form button")
            await browser.reads("message", "the password is set")
            assert len(await browser.errors()) == 1

    run(body)


def test_a_link_opens_the_space_with_the_seat_offered_and_who_takes_it_speaks_without_a_token(
    server: RunningServer, tmp_path: Path
) -> None:
    async def body() -> None:
        host, ann = server.account("host"), server.account("ann")
        with server.client(host["token"]) as person:
            space = person.post(
                "/v1/spaces", {"title": "Hours", "start": True, "invite": ["@ann"], "speakers": "invited"}
            )
        with server.client(server.owner_token) as owner:
            link = owner.post("/v1/accounts/@ann/links", {"space_id": space["id"]})["url"]
        async with tab(tmp_path) as browser:
            page = browser.page
            await page.goto(link)
            await browser.reads("who", "You are @ann")
            assert page.url == f"{named(server)}/s/{space['id']}", "the code is gone from the address"
            await browser.reads("invitation", "you are invited to speak")
            await page.click("#accept")
            await browser.reads("place", "you are on stage")
            assert not await page.is_visible("#speak")
            await page.click("#mic")
            await browser.reads("mic", "close the microphone")
            await browser.holds("space.speaking.peer.connectionState === 'connected'")
            assert await browser.errors() == []
            with server.client(ann["token"]) as person:
                assert person.get(f"/v1/spaces/{space['id']}")["me"]["role"] == "speaker"
                [session] = [one for one in person.get("/v1/accounts/me/tokens")["data"] if one["kind"] == "session"]
                person.delete(f"/v1/accounts/me/tokens/{session['id']}")
            await browser.holds(f"space.speaking.peer === null && {TRACKS}.every((one) => one === 'ended')", 20)

    run(body)


def test_a_passkey_of_the_browser_signs_in(server: RunningServer, tmp_path: Path) -> None:
    async def body() -> None:
        async with tab(tmp_path) as browser:
            page = browser.page
            devtools = await page.context.new_cdp_session(page)
            await devtools.send("WebAuthn.enable")
            options = {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                "isUserVerified": True, "automaticPresenceSimulation": True,
            }  # fmt: skip
            await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
            await sign_up(server, browser)
            await page.fill("#label", "laptop")
            await page.click("#passkey-form button")
            await browser.reads("passkeys", "laptop, not used yet")
            await page.click("#sign-out")
            await page.wait_for_url(f"{named(server)}/sign-in")
            await page.click("#passkey")
            await page.wait_for_url(f"{named(server)}/account")
            await browser.reads("passkeys", "laptop, last used")
            await browser.reads("sessions", "by passkey")
            assert await browser.errors() == []

    run(body)


def test_a_program_is_let_in_by_its_code(server: RunningServer, tmp_path: Path) -> None:
    async def body() -> None:
        async with tab(tmp_path) as browser:
            page = browser.page
            await sign_up(server, browser)
            with server.client() as desk:
                asked = desk.post("/v1/devices", {"label": "spacesctl on desk"})
                await page.goto(asked["whole_url"])
                await browser.reads("shown", asked["user_code"])
                await browser.reads("what", "spacesctl on desk")
                await page.click("#decision button.primary")
                await browser.reads("message", "It is let in")
                made = desk.post("/v1/devices/token", {"device_code": asked["device_code"]})
            assert made["handle"] == "@ann"
            assert await browser.errors() == []

    run(body)


def test_over_plain_http_from_elsewhere_the_page_says_why_nobody_signs_in(tmp_path: Path) -> None:
    found = [
        str(ip.ip)
        for one in ifaddr.get_adapters()
        for ip in one.ips
        if ip.is_IPv4 and not str(ip.ip).startswith("127.")
    ]
    assert found, "this test needs an address of this machine that is not loopback"

    async def body() -> None:
        with running_server(tmp_path / "data", "--no-bots", "--insecure", http="0.0.0.0:0") as server:
            host = server.account("host")
            with server.client(host["token"]) as person:
                space = person.post("/v1/spaces", {"title": "Hours", "start": True})
            away = server.url.replace("127.0.0.1", found[0])
            async with tab(tmp_path) as browser:
                await browser.page.goto(f"{away}/sign-in")
                await browser.reads("why", "plain HTTP")
                assert not await browser.page.is_visible("#password-form")
                await browser.page.goto(f"{away}/s/{space['id']}")
                await browser.reads("who", "browsers give it no microphone")
                await browser.signs_in(host["token"])
                await browser.page.click("#mic")
                await browser.reads("message", "no microphone")

    run(body)
