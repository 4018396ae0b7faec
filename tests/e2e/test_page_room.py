"""The page's view of a Space in a real browser, held to the same table of cases as the one in Python."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from tests.e2e.scene import run, scene
from tests.e2e.test_browser import pytestmark as pytestmark
from tests.e2e.test_browser import tab

TABLE = json.loads((Path(__file__).parents[1] / "wire" / "room_cases.json").read_text())
AFTER = """async ({ base, cases }) => {
  const { after } = await import("/web/room.js");
  return cases.map(({ given, event }) => after({ ...base, ...given }, event));
}"""


def test_the_page_makes_of_each_event_what_python_makes_of_it(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as room, tab(tmp_path) as browser:
            await browser.page.goto(f"{room.server.url}/s/{room.space}")
            made = await browser.page.evaluate(AFTER, TABLE)
            for case, view in zip(TABLE["cases"], made, strict=True):
                assert view == {**TABLE["base"], **case["given"], **case["then"]}, case["name"]

    run(body)


def test_an_event_of_somebody_else_is_no_request_of_ours(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tab(tmp_path) as browser:
            asked: list[str] = []
            await browser.page.goto(f"{room.server.url}/s/{room.space}")
            await browser.reads("stage", "@ann")
            await room.act("mute", "ann")
            await browser.reads("stage", "muted")
            await asyncio.sleep(0.5)  # what it still reads of the start
            browser.page.on("request", lambda request: asked.append(request.url))
            await room.act("unmute", "ann")
            await browser.holds("!document.getElementById('stage').innerText.includes('muted')")
            await room.act("mute", "ann")
            await browser.reads("stage", "muted")
            assert asked == []
            await room.act("demote", "ann")
            await browser.holds("!document.getElementById('stage').innerText.includes('@ann')")
            # A new role does ask: what one is told of those whom one blocked is the server's to say.
            assert {url.rsplit("/", 1)[-1] for url in asked} <= {room.space, "people"}
            assert await browser.errors() == []

    run(body)


def test_what_happens_between_reading_and_following_is_not_lost(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tab(tmp_path) as browser:
            asked, held = asyncio.Event(), asyncio.Event()

            async def late(route: Any) -> None:
                asked.set()
                await held.wait()
                await route.continue_()

            await browser.page.route(re.compile(r"/events\?"), late)
            await browser.page.goto(f"{room.server.url}/s/{room.space}")
            await asked.wait()
            await room.as_host.call("PATCH", room.place, {"title": "Another"})
            await room.act("mute", "ann")
            await asyncio.sleep(1.5)  # until who follows has heard of it
            held.set()
            await browser.reads("title", "Another")
            await browser.reads("stage", "muted")
            assert await browser.errors() == []

    run(body)


def test_what_happens_while_the_page_reads_is_not_lost(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tab(tmp_path) as browser:
            async with browser.page.expect_response(re.compile(r"/events\?")):  # it follows
                await browser.page.goto(f"{room.server.url}/s/{room.space}")
            await browser.reads("stage", "@ann")
            held = asyncio.Event()

            async def slow(route: Any) -> None:
                answer = await route.fetch()  # what the server says now
                await held.wait()
                await route.fulfill(response=answer)

            await browser.page.route("**/people", slow)
            await room.as_host.call("PATCH", room.place, {"title": "Another"})
            await browser.reads("title", "Another")
            await asyncio.sleep(0.3)
            await room.act("mute", "ann")
            await browser.holds("Object.values(window.space.view.people).some((one) => one.muted)")
            held.set()
            await asyncio.sleep(0.5)
            await browser.reads("stage", "muted")
            assert await browser.errors() == []

    run(body)
