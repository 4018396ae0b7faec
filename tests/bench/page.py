"""What the page of a Space costs a browser, with 2,000 listeners and 200 reactions a second. Prints JSON.

`python -m tests.bench.page`: Chromium's own TaskDuration (time of the main thread at work, in ms a second), five windows of ten seconds
of a page in which one person talks, so that levels come four times a second, and five of the busy one; the longest task, and how many nodes
the page has. Listeners come and go twenty times a second.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from typing import Any

import httpx
from playwright.async_api import CDPSession, Page, async_playwright

from spacesctl.api.accounts import NewAccount
from spacesctl.bench.target import target
from spacesctl.client.http import Client
from spacesctl.probe import machine
from spacesctl.probe.accounts import token_of
from spacesctl.probe.listener_pool import ListenerPool
from spacesctl.probe.server_process import Server

WINDOWS, WINDOW = 5, 10.0
REACTIONS, COMING = 200, 20
"""A second: reactions, and listeners who come and go."""
PEOPLE = 40
KINDS = ("clap", "heart", "laugh", "wave", "hundred")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
LONG_TASKS = """
  window.longest = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((one) => (longest = Math.max(longest, one.duration))))
    .observe({ entryTypes: ["longtask"] });
"""


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=2_000)
    parser.add_argument("--windows", type=int, default=WINDOWS)
    words = parser.parse_args()
    machine.need_descriptors(words.listeners)
    print(json.dumps({"machine": machine.described().cpu, **await measure(words.listeners, words.windows)}))


async def measure(listeners: int, windows: int) -> dict[str, Any]:
    async with target(pin=False) as here, _page(f"{here.server.url}/s/{here.space}") as (page, devtools):
        people = await asyncio.to_thread(_people, here.server)
        idle = await _windows(devtools, windows)
        async with ListenerPool(here.signal) as pool:
            await pool.grow(listeners)
            url = here.server.url
            crowd = asyncio.gather(_react(url, people, here.space), _come_and_go(url, here.space))
            await asyncio.sleep(WINDOW)
            nodes = await _metric(devtools, "Nodes")
            await page.evaluate("longest = 0")
            busy = await _windows(devtools, windows)
            longest, shown = await page.evaluate("longest"), await page.inner_text("#count")
            more = await _metric(devtools, "Nodes")
            if crowd.done():  # somebody was refused: the page had less to do
                await crowd
            crowd.cancel()
            await asyncio.gather(crowd, return_exceptions=True)
    return {
        "listeners": listeners, "shown": shown, "talking_ms_a_second": median(idle), "busy_ms_a_second": median(busy),
        "windows": busy, "longest_task_ms": round(longest, 1), "nodes_after_10_s": nodes, "nodes_at_the_end": more,
    }  # fmt: skip


def _people(server: Server) -> list[str]:
    with Client(server.url, server.owner_token) as owner:
        return [token_of(owner.accounts.create(NewAccount(handle=f"p{number}"))) for number in range(PEOPLE)]


@asynccontextmanager
async def _page(address: str) -> AsyncIterator[tuple[Page, CDPSession]]:
    async with async_playwright() as started:
        browser = await started.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = await browser.new_page()
        await page.add_init_script(LONG_TASKS)
        await page.goto(address)
        await page.wait_for_selector("#listen")
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("Performance.enable")
        yield page, devtools
        await browser.close()


async def _windows(devtools: CDPSession, count: int) -> list[float]:
    """Milliseconds of work a second, in each window."""
    found = []
    for _ in range(count):
        before = await _metric(devtools, "TaskDuration")
        await asyncio.sleep(WINDOW)
        found.append(round(1_000 * (await _metric(devtools, "TaskDuration") - before) / WINDOW, 1))
    return found


async def _metric(devtools: CDPSession, name: str) -> float:
    metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == name))


async def _react(url: str, tokens: list[str], space: str) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
        for number in itertools.count():
            await asyncio.sleep(max(0.0, began + number / REACTIONS - loop.time()))
            headers = {"Authorization": f"Bearer {tokens[number % len(tokens)]}"}
            body = {"reaction": KINDS[number % len(KINDS)]}
            (await http.post(f"/v1/spaces/{space}/reactions", json=body, headers=headers)).raise_for_status()


async def _come_and_go(url: str, space: str) -> None:
    host, _, port = url.removeprefix("http://").rpartition(":")
    while True:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET /v1/spaces/{space}/listen.ogg HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(1 / COMING)
        writer.close()


if __name__ == "__main__":
    asyncio.run(main())
