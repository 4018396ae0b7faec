"""What is shared and how people react, as a browser shows it and as the event stream tells it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from bots import casts
from tests.e2e.scene import run, scene
from tests.e2e.test_browser import CHROMIUM, address, tab
from tests.e2e.test_events import watching

VOICE = casts.load("cast_a").host.clip
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


def test_a_burst_of_reactions_is_one_event_a_second_with_counts(tmp_path: Path) -> None:
    async def body() -> None:
        async with (
            scene(tmp_path, "ann", "bob") as room,
            watching(room, None) as audience,
            watching(room, view="staff") as staff,
        ):
            began = time.monotonic()
            sent: Counter[str] = Counter()
            for kind in ("clap", "clap", "heart", "clap", "wave", "clap"):
                for who in ("ann", "bob"):
                    await room.as_(who).call("POST", f"{room.place}/reactions", {"reaction": kind})
                    sent[kind] += 1
            for watcher in (audience, staff):
                async with asyncio.timeout(5):
                    while sum((Counter(told["data"]["counts"]) for told in watcher.of("reactions")), Counter()) != sent:
                        await asyncio.sleep(0.05)
                assert len(watcher.of("reactions")) <= 1 + time.monotonic() - began
                ticks = [told["data"]["tick"] for told in watcher.of("reactions")]
                assert all(later - earlier >= 40 for earlier, later in pairwise(ticks))

    run(body)


@needs_chromium
@pytest.mark.timeout(60)
def test_the_page_shows_what_is_shared_and_plays_a_voice_through_other_news(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann", title="Round") as room, tab(tmp_path) as browser:
            page, host = browser.page, room.as_host
            with room.server.client(room.tokens["host"]) as client:
                clip = await asyncio.to_thread(client.upload, "/v1/clips", VOICE)
            post = await host.call("POST", "/v1/posts", {"text": "<b>hear</b> this", "clip": clip["id"]})
            await page.goto(address(room))
            await browser.reads("state", "live")
            assert not await page.is_visible("#shared")
            await host.call("POST", f"{room.place}/pins", {"post": post["id"]})
            await browser.reads("pins", "<b>hear</b> this")
            await page.evaluate("document.querySelector('#pins audio').play()")
            await browser.holds("document.querySelector('#pins audio').currentTime > 0.2")
            duration = await page.evaluate("document.querySelector('#pins audio').duration")
            assert duration == pytest.approx(clip["duration_ms"] / 1000, abs=0.2)
            link = {"url": "https://example.org/a", "title": "<i>free</i> money"}
            await host.call("POST", f"{room.place}/pins", link)
            await browser.reads("pins", "<i>free</i> money")
            await browser.reads("pins", "example.org")
            assert not await page.evaluate("document.querySelector('#pins audio').paused"), "news do not stop a voice"
            anchor = await page.evaluate(
                "(() => { const a = document.querySelector('#pins a'); return [a.href, a.target, a.rel]; })()"
            )
            assert anchor == ["https://example.org/a", "_blank", "noopener noreferrer nofollow"]
            first = await page.inner_text("#pins li:first-child")
            assert "money" in first
            await room.as_("ann").call("POST", f"{room.place}/reactions", {"reaction": "clap"})
            await browser.reads("reactions", "👏")
            await host.call("DELETE", f"/v1/posts/{post['id']}")
            await browser.holds("document.querySelectorAll('#pins li').length === 1")
            assert await browser.errors() == []

    run(body)


@needs_chromium
@pytest.mark.timeout(60)
def test_the_page_says_that_somebody_one_blocked_is_speaking_and_links_a_calendar(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "bad") as room, tab(tmp_path) as browser:
            page = browser.page
            await room.account("mia")
            await room.as_("mia").call("PUT", "/v1/accounts/me/blocks/@bad")
            await page.goto(address(room))
            await browser.reads("stage", "@bad")
            assert not await page.is_visible("#blocked"), "it does not know who looks"
            await browser.signs_in(room.tokens["mia"])
            await browser.reads("blocked", "someone you blocked is speaking: @bad")
            await room.act("demote", "bad")
            await page.wait_for_selector("#blocked", state="hidden")
            assert not await page.is_visible("#calendar")
            coming = await room.new_space(start=False, scheduled_start="2031-07-01T16:30:00Z")
            await page.goto(f"{room.server.url}/s/{coming}")
            await page.wait_for_selector("#calendar", state="visible")
            place = await page.get_attribute("#calendar", "href")
            assert place == f"/v1/spaces/{coming}.ics"
            assert await browser.errors() == []

    run(body)
