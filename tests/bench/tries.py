"""How long one writer waits beside those who try changes and push rules: `python tests/bench/tries.py --loops 8 --seconds 10`. Prints JSON.

A whole server without limits. Each loop asks without a pause, by an account of its own: dry runs of a new Space, and rule files.
The writer posts ten times a second; how long each post takes is measured without the others first, and then beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.running import RunningServer, running_server, unlimited

PAUSE = 0.1
"""Seconds between two posts of the writer."""


def rules(number: int, phrases: int) -> str:
    """A rule file with so many phrases, of some 20 bytes each; another one for each number."""
    words = ", ".join(f'"phrase {number} {n}"' for n in range(phrases))
    return f'schema = 1\n[[rule]]\nid = "a"\nactions = ["log"]\nwhen.any = [ {{ words = [{words}] }} ]\n'


class Caller:
    """One account that asks one thing after the other."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False)
        self.done = 0

    async def ask(self, method: str, path: str, body: Any, **headers: str) -> Any:
        answer = await self.http.request(method, path, json=body, headers=headers)
        answer.raise_for_status()
        self.done += 1
        return answer.json()


async def load(one: Caller, until: float, phrases: int) -> None:
    """Try a Space and push rules, in turns."""
    space = (await one.ask("POST", "/v1/spaces", {"title": "T", "start": True}))["id"]
    number = 0
    while time.monotonic() < until:
        number += 1
        await one.ask("POST", "/v1/spaces", {"title": "T", "start": True}, **{"Dry-Run": "true"})
        await one.ask("PUT", f"/v1/spaces/{space}/rules", {"text": rules(number, phrases)})


async def write(one: Caller, until: float) -> list[float]:
    """The milliseconds that each post took."""
    took = []
    while time.monotonic() < until:
        began = time.perf_counter()
        await one.ask("POST", "/v1/posts", {"text": "hi"})
        took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PAUSE)
    return took


def summary(took: list[float]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    took = sorted(took)
    return {
        "count": len(took),
        "p50_ms": round(took[len(took) // 2], 1),
        "p99_ms": round(took[min(len(took) - 1, len(took) * 99 // 100)], 1),
        "max_ms": round(took[-1], 1),
    }


async def measure(server: RunningServer, loops: int, seconds: float, phrases: int) -> dict[str, Any]:
    """The writer alone, then beside the loops."""
    owner = Caller(server.url, server.owner_token)
    made = [await owner.ask("POST", "/v1/accounts", {"handle": f"one{n}"}) for n in range(loops + 1)]
    writer, *others = (Caller(server.url, each["token"]) for each in made)
    alone = summary(await write(writer, time.monotonic() + seconds))
    until = time.monotonic() + seconds
    loads = asyncio.gather(*(load(one, until, phrases) for one in others))
    took = await write(writer, until)
    await loads
    asked = sum(one.done for one in others)
    for one in (owner, writer, *others):
        await one.http.aclose()
    return {"alone": alone, "beside": summary(took), "asked_a_second": round(asked / seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--phrases", type=int, default=400, help="of each rule file")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with running_server(place / "data", "--no-bots", *unlimited(place)) as server:
            print(json.dumps(asyncio.run(measure(server, given.loops, given.seconds, given.phrases)), indent=1))


if __name__ == "__main__":
    main()
