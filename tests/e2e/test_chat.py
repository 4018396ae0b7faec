"""The chat and typed speech on a real server with its bot: rules mask words before the audience reads them, and espeak-ng is heard."""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.peers import LaneListener
from tests.e2e.scene import scene, until

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
RULES = """schema = 1
[[rule]]
id = "scam"
mode = "enforce"
when.any = [ { words = ["crypto giveaway"] } ]
actions = ["redact", "report"]
"""


async def test_the_bot_masks_words_of_chat_and_typed_speech_before_the_audience_reads_them(tmp_path: Path) -> None:
    async with scene(tmp_path, "guest", flags=()) as made:
        await made.as_host.call("PATCH", made.place, {"chat": "everyone", "captions": True})
        await made.as_host.call("PUT", f"{made.place}/rules", {"text": RULES})
        writer = await made.account("writer")
        assert writer
        run = made.server.run

        async def reports() -> list[Any]:
            return list((await made.as_host.call("GET", "/v1/reports"))["data"])

        for _ in range(50):  # until the bot has the rules
            await made.as_("writer").call("POST", f"{made.place}/chat", {"text": "free crypto giveaway now"})
            if await reports():
                break
            await asyncio.sleep(1)
        assert {one["target"]["handle"] for one in await reports()} == {"@writer"}
        typed = await asyncio.to_thread(
            run,
            made.tokens["guest"],
            "speak",
            made.space,
            "--type",
            "--consent",
            "--json",
            stdin="a crypto giveaway\nhello\n",
        )
        assert (typed.returncode, json.loads(typed.stdout)) == (0, {"texts": 2}), typed.stderr

        async def captions() -> list[str]:
            return [one["text"] for one in (await made.anyone.call("GET", f"{made.place}/captions"))["data"]]

        async with asyncio.timeout(20):
            while "hello" not in await captions():
                await asyncio.sleep(0.1)
        assert await captions() == ["a [redacted] [redacted]", "hello"]
        read = [one["text"] for one in (await made.anyone.call("GET", f"{made.place}/chat"))["data"]]
        assert read[-1] == "free [redacted] [redacted] now"
        staff = await asyncio.to_thread(run, made.tokens["host"], "chat", made.space)
        assert "free crypto giveaway now" in staff.stdout


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
async def test_typed_speech_is_heard_where_the_host_has_that_on(tmp_path: Path) -> None:
    async with scene(tmp_path, "guest", flags=("--no-bots",)) as made, AsyncExitStack() as stack:
        await made.as_host.call("PATCH", made.place, {"typed_aloud": True})
        ear = await stack.enter_async_context(LaneListener(made))
        await made.as_("guest").call("POST", f"{made.place}/typed", {"text": "good evening everybody", "final": True})

        def loudest() -> float:
            heard = ear.heard()
            return float(np.abs(heard).max(initial=0))

        await until(lambda: loudest() > 1_000, 20)
