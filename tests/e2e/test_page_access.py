"""Every page for everybody: judged by axe-core, light and dark, small and enlarged, from right to left, and by keyboard alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.axe import judged
from tests.e2e.scene import Scene, run, scene
from tests.e2e.test_browser import Tab, tab
from tests.e2e.test_browser import pytestmark as pytestmark
from tests.e2e.test_pages import signed_in

KIB = 1024
FIRST_LOAD = 80 * KIB
ALL = ("/", "/@host", "/new", "/inbox", "/settings", "/reports", "/admin", "/sign-in", "/sign-up", "/device")
STICKS_OUT = "document.documentElement.scrollWidth > innerWidth"


@asynccontextmanager
async def furnished(tmp_path: Path, **context: Any) -> AsyncIterator[tuple[Scene, Tab, list[str]]]:
    """A server on which something is on every page, a browser, and the addresses of all pages."""
    async with scene(tmp_path, "ann", "ben", title="Evening round") as room, tab(tmp_path, **context) as browser:
        host, ann = room.as_host, room.as_("ann")
        coming = await room.new_space("ann", start=False, title="Bees", scheduled_start="2099-01-01T12:00:00Z")
        over = await room.new_space(title="Yesterday")
        await host.call("POST", f"/v1/spaces/{over}/end")
        await host.call("PUT", "/v1/accounts/me/following/@ann")
        await host.call("PUT", "/v1/accounts/me/blocks/@ben", {"reason": "loud"})
        await ann.call("POST", "/v1/posts", {"text": "Come to my Space about bees."})
        await ann.call("POST", "/v1/dms", {"to": "@host", "text": "May I?"})
        await ann.call("POST", f"/v1/spaces/{coming}/invites", {"handles": ["@host"]})
        await ann.call("POST", "/v1/reports", {"space_id": room.space, "account": "@ben", "note": "spam"})
        yield room, browser, [*ALL, f"/s/{room.space}", f"/s/{coming}", f"/s/{over}"]


async def shown(room: Scene, browser: Tab, path: str) -> None:
    """Until the page has what it shows."""
    await browser.page.goto(f"{room.server.url}{path}")
    await browser.page.wait_for_load_state("networkidle" if not path.startswith("/s/") else "load")
    await browser.holds(
        "document.querySelector('main h1')?.innerText.length > 1 && document.querySelector('nav a:not([hidden])')"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("who", ["nobody", "host"])
def test_axe_finds_nothing_on_any_page(tmp_path: Path, who: str, scheme: str) -> None:
    async def body() -> None:
        async with furnished(tmp_path, color_scheme=scheme) as (room, browser, paths):
            if who != "nobody":
                await signed_in(browser, room, who)
            found: list[str] = []
            for path in paths:
                await shown(room, browser, path)
                if path == "/new" and who == "host":
                    await browser.page.check("#at")
                    await browser.page.click("details summary")
                    await browser.page.select_option("#rules", "own")
                if path == "/admin":
                    await browser.page.fill("#token", room.server.owner_token)
                    await browser.page.click("#token-form button")
                    await browser.reads("accounts", "@ann")
                if path == "/reports" and who == "host":
                    await browser.page.click("[data-do=note]")
                found += [f"{path} {one}" for one in await judged(browser)]
            assert found == []

    run(body)


@pytest.mark.parametrize("size", [(390, 844), (640, 400)], ids=["phone", "at 200 %"])
def test_nothing_sticks_out_in_either_direction_of_writing(tmp_path: Path, size: tuple[int, int]) -> None:
    async def body() -> None:
        held = {"width": size[0], "height": size[1]}
        async with furnished(tmp_path, viewport=held, locale="de-DE", reduced_motion="reduce") as (
            room,
            browser,
            paths,
        ):
            await signed_in(browser, room, "host")
            out = []
            for path in paths:
                await shown(room, browser, path)
                for direction in ("ltr", "rtl"):
                    await browser.page.evaluate(f"document.documentElement.dir = '{direction}'")
                    if await browser.page.evaluate(STICKS_OUT):
                        out.append(f"{path} {direction}")
            assert out == []
            assert await browser.page.evaluate("document.documentElement.lang") == "de"
            await browser.page.emulate_media(forced_colors="active")
            assert await judged(browser) == []

    run(body)


def test_a_space_is_made_by_keyboard_alone(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as room, tab(tmp_path) as browser:
            page = browser.page
            await signed_in(browser, room, "host")
            await shown(room, browser, "/new")
            await page.keyboard.press("Tab")
            assert await page.evaluate("document.activeElement.className") == "skip"
            await page.keyboard.press("Enter")
            await page.keyboard.press("Tab")
            await page.keyboard.type("Of bees")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/s/*")
            await browser.reads("title", "Of bees")
            for _ in range(40):
                await page.keyboard.press("Tab")
                if await page.evaluate("document.activeElement.id") == "end-space":
                    break
            await page.keyboard.press("Enter")
            await page.keyboard.press("Enter")
            await browser.reads("message", "has ended")

    run(body)


def test_the_first_load_of_each_page_is_small_and_comes_from_the_server_alone(tmp_path: Path) -> None:
    async def body() -> None:
        async with furnished(tmp_path) as (room, browser, paths):
            sizes: dict[str, list[tuple[str, int]]] = {}
            path = ""

            async def note(response: Any) -> None:
                if "/v1/" not in response.url:
                    got = await response.request.sizes()
                    sizes.setdefault(path, []).append((response.url, got["responseBodySize"]))

            devtools = await browser.page.context.new_cdp_session(browser.page)
            await devtools.send("Network.enable")
            await devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
            waiting: list[asyncio.Task[None]] = []
            browser.page.on("response", lambda response: waiting.append(asyncio.create_task(note(response))))
            for path in paths:  # `note` reads it
                await shown(room, browser, path)
                await asyncio.gather(*waiting)
            for loads in sizes.values():
                assert all(url.startswith(room.server.url) for url, _ in loads)
            whole = {path: sum(size for _, size in loads) for path, loads in sizes.items()}
            assert max(whole.values()) < FIRST_LOAD, whole
            assert min(whole.values()) > 4 * KIB, "they are counted"

    run(body)
