"""What others wrote on the page, in a real browser: text alone, whole, and with a direction of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.scene import run, scene
from tests.e2e.test_browser import CHROMIUM, address, tab

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(120),
]
FOUND = json.loads((Path(__file__).parents[1] / "found" / "hostile-text.json").read_text())
TITLES = [one["text"] for one in FOUND if not one["right"].startswith("refused")]
TITLES += ["<img src=x onerror=window.ran=1>", "</title><script>window.ran=1</script>", "שלום (live) 5", "&lt;b&gt;"]
DIRECTIONS = """[...document.querySelectorAll("#title, #host bdi, #stage .name, #pins .words, #pins a.name")].map(
  (one) => [one.dir, getComputedStyle(one).unicodeBidi])"""


def test_titles_names_and_posts_stand_on_the_page_as_they_are(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room, tab(tmp_path) as browser:
            page, host = browser.page, room.as_host
            post = await host.call("POST", "/v1/posts", {"text": TITLES[0]})
            await host.call("POST", f"{room.place}/pins", {"post": post["id"]})
            await host.call("POST", f"{room.place}/pins", {"url": "https://example.org/", "title": TITLES[2]})
            await page.goto(address(room))
            for title in TITLES:
                await host.call("PATCH", room.place, {"title": title})
                await browser.holds(f"document.getElementById('title').textContent === {json.dumps(title)}")
                assert await page.title() == " ".join(title.split())
                await host.call("PATCH", "/v1/accounts/me", {"name": title[:50]})
                await page.reload()
                await browser.holds(f"document.querySelector('#host bdi')?.textContent === {json.dumps(title[:50])}")
                assert await page.text_content("#host") == f"hosted by {title[:50]} (@host)"
            await browser.reads("pins", TITLES[0])
            shown = await page.evaluate(DIRECTIONS)
            assert len(shown) >= 5
            assert all(one == ["auto", "isolate"] or one == ["auto", "plaintext"] for one in shown), shown
            assert await page.evaluate("window.ran") is None

    run(body)
