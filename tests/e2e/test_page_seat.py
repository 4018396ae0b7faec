"""What one can do from the page, in real browsers: as listener, speaker, host, each told what the server thinks of them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.e2e.peers import LaneListener
from tests.e2e.scene import Scene, run, scene
from tests.e2e.test_browser import HEARS, MICROPHONE, TRACKS, Tab, address, tab, tabs
from tests.e2e.test_browser import pytestmark as pytestmark
from tests.listening import likeness

DOWN = 4.0
"""Seconds for which the server is away: the page has tried to come back several times."""


async def enter(browser: Tab, room: Scene, handle: str | None = None) -> None:
    await browser.page.goto(address(room))
    await browser.reads("state", "live")
    if handle is not None:
        await browser.signs_in(room.tokens[handle])
        await browser.holds("document.getElementById('place').innerText !== ''")


async def choose(browser: Tab, handle: str, act: str) -> None:
    """One of the acts in somebody's menu."""
    card = browser.page.locator("li", has_text=f"@{handle}").filter(has=browser.page.locator("details.menu"))
    await card.locator("details.menu summary").click()
    await card.locator(f"[data-do={act}]").click()


async def confirm(browser: Tab, **fields: str) -> None:
    dialog = browser.page.locator("dialog")
    for tag, text in fields.items():
        await dialog.locator(tag).fill(text)
    await dialog.locator("button[value=ok]").click()
    await dialog.wait_for(state="detached")


def test_a_whole_space_from_four_pages_ask_approve_talk_mute_demote_kick_end(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, speakers="invited") as room, tabs(tmp_path, 4) as (host, ann, ben, nobody):
            await room.account("ann")
            await room.account("ben")
            ears = await room.stack.enter_async_context(LaneListener(room))
            for browser, handle in ((host, "host"), (ann, "ann"), (ben, "ben"), (nobody, None)):
                await enter(browser, room, handle)
            await host.reads("place", "you host")
            await ann.reads("place", "you listen")
            await nobody.reads("place", "without an account")
            assert not await nobody.page.is_visible("#desk")
            assert not await ann.page.is_visible("#desk")
            # Ask, with a note that only staff read.
            await ann.page.click("#hand")
            await ann.page.locator("dialog input").first.fill("bees")
            await confirm(ann, textarea="my own hive")
            await ann.reads("place", "number 1")
            await ben.page.click("#hand")
            await confirm(ben)
            await ben.reads("place", "number 2")
            await host.reads("hands", "my own hive")
            await host.page.locator("#hands li", has_text="@ann").locator("[data-do=approve]").click()
            await ann.reads("place", "on stage")
            await ben.reads("place", "number 1")
            await host.page.locator("#hands li", has_text="@ben").locator("[data-do=deny]").click()
            await ben.reads("message", "not granted")
            # Talk, and be heard by whom the browser knows nothing of.
            assert await ann.page.evaluate(TRACKS) == []
            await ann.page.click("#mic")
            await ann.reads("mic", "close the microphone")
            await ben.page.click("#listen")
            await ben.holds(HEARS)
            await ben.reads("talking", "@ann")
            ears.forget()
            await asyncio.sleep(4.0)
            assert likeness(ears.heard(), MICROPHONE) > 0.4
            # Muted with a reason: the microphone is not even captured any more.
            await choose(host, "ann", "mute")
            await confirm(host, input="too loud")
            await ann.reads("place", "muted by @host")
            await ann.reads("place", "too loud")
            assert await ann.page.evaluate(TRACKS) == ["ended"]
            await choose(host, "ann", "unmute")
            await ann.reads("message", "you may speak again")
            await ann.page.click("#mic")
            await ann.reads("mic", "close the microphone")
            await choose(host, "ann", "demote")
            await confirm(host)
            await ann.reads("place", "taken off the stage by @host")
            assert set(await ann.page.evaluate(TRACKS)) == {"ended"}
            # Removed, with a reason, and for good.
            await host.page.fill("#search", "ben")
            await choose(host, "ben", "kick")
            await confirm(host, input="spam")
            await ben.reads("message", "removed by @host", 10)
            await ben.reads("message", "spam")
            await ben.page.reload()
            await ben.reads("state", "live")
            await ben.page.click("#speak summary")
            await ben.page.fill("#token", room.tokens["ben"])
            await ben.page.click("#speak-button")
            await ben.reads("message", "removed")
            await host.page.click("#end-space")
            await confirm(host)
            for browser in (host, ann, nobody):
                await browser.reads("message", "has ended")
            for browser in (host, nobody):  # Chromium tells in the console itself that the Space is gone
                assert all("410" in error for error in await browser.errors()), await browser.errors()

    run(body)


def test_a_host_runs_the_space_from_the_desk(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tab(tmp_path) as browser:
            page = browser.page
            await enter(browser, room, "host")

            async def space() -> dict[str, Any]:
                found: dict[str, Any] = await room.as_host.call("GET", room.place)
                return found

            async def becomes(check: str) -> None:
                async with asyncio.timeout(8):
                    while not eval(check, {"space": await space()}):
                        await asyncio.sleep(0.05)

            await page.select_option("#policy", "invited")
            await becomes("space['speakers'] == 'invited'")
            await page.check("#lock")
            await becomes("[one['action'] for one in space['measures']] == ['lock']")
            await browser.reads("delay", "locked")
            await page.uncheck("#lock")
            await becomes("space['measures'] == []")
            await page.check("#captions-on")
            await becomes("space['captions'] is True")
            await page.click("#mute-all")
            await browser.reads("stage", "muted")
            await page.click("#hold")
            await confirm(browser)
            await becomes("space['held_until'] is not None")
            await browser.reads("hold", "end the hold")
            await page.click("#hold")
            await becomes("space['held_until'] is None")
            await page.click("#record")
            await confirm(browser)
            await page.wait_for_selector("#rec", state="visible")
            await page.fill("#invite-handle", "nobodyknows")
            await page.click("#invite-form button")
            await browser.reads("message", "nobodyknows")
            assert len(await browser.errors()) == 1, "Chromium tells of the refusal in the console itself"

    run(body)


def test_who_is_invited_is_offered_the_seat_at_once(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, speakers="invited") as room, tab(tmp_path) as browser:
            await room.account("ann")
            await enter(browser, room, "ann")
            assert not await browser.page.is_visible("#invitation")
            await room.as_host.call("POST", f"{room.place}/invites", {"handles": ["@ann"]})
            await browser.page.wait_for_selector("#invitation", state="visible")
            await browser.page.click("#accept")
            await browser.reads("place", "on stage")
            assert await browser.errors() == []

    run(body)


def test_every_way_out_stops_the_microphone(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tab(tmp_path) as browser:
            page = browser.page
            ways: dict[str, Callable[[], Awaitable[Any]]] = {
                "close": lambda: page.click("#mic"),
                "away": lambda: page.evaluate("dispatchEvent(new Event('pagehide'))"),
                "leave": lambda: page.click("#leave-stage"),
                "end": lambda: room.as_host.call("POST", f"{room.place}/end"),
                "kick": lambda: room.act("kick", "ann"),
            }
            for way, go in ways.items():
                if way == "kick":
                    room.space = await room.new_space()
                if way in ("end", "kick"):
                    await room.as_("ann").call("POST", f"{room.place}/requests")
                await enter(browser, room, "ann")
                await page.click("#mic")
                await browser.holds(f"{TRACKS}.join() === 'live'")
                await go()
                if way == "leave":
                    await browser.reads("place", "you listen")
                await browser.holds(f"{TRACKS}.every((one) => one === 'ended')")

    run(body)


def test_who_speaks_elsewhere_is_told_and_the_two_do_not_fight(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tabs(tmp_path, 2) as (first, second):
            await enter(first, room, "ann")
            await enter(second, room, "ann")
            await first.page.click("#mic")
            await first.reads("mic", "close the microphone")
            await second.page.click("#mic")
            await second.reads("mic", "close the microphone")
            await first.reads("message", "another page or program", 15)
            await first.holds(f"{TRACKS}.every((one) => one === 'ended')")
            await asyncio.sleep(3.0)
            assert await second.page.evaluate(TRACKS) == ["live"]
            assert await second.page.evaluate("space.speaking.peer.connectionState") == "connected"

    run(body)


def test_a_microphone_that_is_refused_is_said_in_words_and_leaves_the_seat(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tab(tmp_path) as browser:
            await enter(browser, room, "ann")
            await browser.page.evaluate(
                "void (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); })"
            )
            await browser.page.click("#mic")
            await browser.reads("message", "allow it beside the address bar")
            await browser.reads("mic", "open the microphone")
            people = (await room.as_host.call("GET", f"{room.place}/people"))["data"]
            assert all(one["mic"] == "closed" for one in people)

    run(body)


def test_after_a_restart_of_the_server_sound_and_microphone_come_back_by_themselves(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tabs(tmp_path, 2) as (ann, ben):
            await enter(ann, room, "ann")
            await ann.page.click("#mic")
            await ann.reads("mic", "close the microphone")
            await enter(ben, room)
            await ben.page.click("#listen")
            await ben.holds(HEARS)
            await asyncio.to_thread(room.server.stop, signal.SIGKILL)
            await asyncio.sleep(DOWN)
            await asyncio.to_thread(room.server.begin_again)
            await ben.reads("talking", "@ann", 15)
            await ben.holds("space.listening.peer?.connectionState === 'connected'", 15)
            await ben.holds(HEARS)
            assert await ann.page.evaluate(f"{TRACKS}.filter((one) => one === 'live').length") == 1

    run(body)


def test_a_host_finds_everything_by_keyboard_and_nothing_is_without_a_name(tmp_path: Path) -> None:
    nameless = """[...document.querySelectorAll('button, input, select, textarea, summary')]
      .filter((one) => one.checkVisibility())
      .filter((one) => !(one.innerText || one.ariaLabel || one.labels?.[0]?.innerText || '').trim())
      .map((one) => one.outerHTML)"""

    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tab(tmp_path) as browser:
            page = browser.page
            await enter(browser, room, "host")
            assert await page.evaluate(nameless) == []
            reached = set[str]()
            for _ in range(60):
                await page.keyboard.press("Tab")
                reached.add(
                    str(await page.evaluate("document.activeElement?.id || document.activeElement?.dataset.do || ''"))
                )
            assert {"listen", "mic", "hold", "end-space", "policy", "lock", "invite-handle", "search"} <= reached

    run(body)
