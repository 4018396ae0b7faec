"""The chat and typed speech on the page, in real browsers."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.scene import run, scene
from tests.e2e.test_browser import pytestmark as pytestmark
from tests.e2e.test_browser import tabs
from tests.e2e.test_page_seat import enter


def test_a_host_turns_the_chat_on_a_listener_writes_a_speaker_types_and_what_is_erased_goes(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann", speakers="invited") as room, tabs(tmp_path, 3) as (host, ben, nobody):
            await room.account("ben")
            await enter(host, room, "host")
            await enter(ben, room, "ben")
            await enter(nobody, room)
            assert not await ben.page.is_visible("#chat-place")
            await host.page.select_option("#chat-policy", "everyone")
            await ben.holds("!document.getElementById('chat-form').hidden")
            assert not await nobody.page.is_visible("#chat-form")
            assert not await ben.page.is_visible("#typed-form")
            await ben.page.fill("#chat-text", "good evening <b>all</b>")
            await ben.page.click("#chat-send")
            for browser in (host, ben, nobody):
                await browser.reads("chat", "good evening <b>all</b>")
            await host.page.fill("#typed", "dear all")
            await nobody.reads("partial", "dear all")
            await host.page.click("#typed-send")
            await nobody.reads("captions", "(typed) dear all")
            await nobody.page.reload()
            await nobody.reads("chat", "good evening")
            await nobody.reads("captions", "dear all")
            await ben.page.locator("#chat [data-do=erase]").click()
            await nobody.holds("!document.getElementById('chat').innerText.includes('good evening')")
            await host.reads("chat", "not shown to the audience")

    run(body)
