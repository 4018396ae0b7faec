"""How soon an event reaches thousands of event streams, and how soon others are answered meanwhile. Prints JSON.

`python tests/bench/streams.py --streams 5000 --slow 200 --seconds 10`: one host talks (levels are sent four times a second), changes the
title and reacts twice a second. The control process has a core of its own; the readers, the engine and this program share the other.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from spacesctl.api.accounts import NewAccount
from spacesctl.api.spaces import NewSpace
from spacesctl.api.wire import plain
from spacesctl.bench.voice import Talker
from spacesctl.client.http import Client
from spacesctl.domain.words import Policy
from spacesctl.probe import machine
from spacesctl.probe.accounts import token_of
from spacesctl.probe.jitter_probe import jitter_probe
from spacesctl.probe.server_process import Server, serving
from spacesctl.server.http.rates import Limits

CHANGE_EVERY = 0.5
ASK_EVERY = 0.05
"""Seconds between two changes of the title, and between two requests of /healthz."""
LAST = 3.0
"""Seconds in which the last change may arrive."""


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=5_000)
    parser.add_argument("--slow", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0)
    words = parser.parse_args()
    machine.need_descriptors(words.streams + words.slow)
    print(
        json.dumps({"machine": plain(machine.described()), **await measure(words.streams, words.slow, words.seconds)})
    )


async def measure(streams: int, slow: int, seconds: float) -> dict[str, Any]:
    with serving("--no-bots", **{f"SPACESCTL_LIMITS__{name.upper()}": "off" for name in Limits.model_fields}) as server:
        await asyncio.to_thread(server.wait)
        token, space = await asyncio.to_thread(_open, server)
        _pin(server)
        began = time.monotonic()
        async with (
            jitter_probe(machine.cores()[0]) as watching,
            _reader(server, space, streams, slow) as reader,
            Talker(server.url, token, space),
        ):
            opened = time.monotonic() - began
            await asyncio.sleep(1.0)
            control = server.process.pid
            await watching.read()
            began, busy = time.monotonic(), machine.cpu_seconds(control)
            asking = asyncio.create_task(_ask(server.url, seconds))
            sent = await _change(server.url, token, space, seconds)
            answered = await asking
            core = (machine.cpu_seconds(control) - busy) / (time.monotonic() - began)
            memory, still = machine.memory_bytes(control), await watching.read()
            await asyncio.sleep(LAST)
            out, _ = await reader.communicate(b"\n")
    return {
        "streams": streams, "slow": slow, "seconds": seconds, "open_seconds": round(opened, 1),
        **_reached(json.loads(out), sent, streams),
        "healthz_ms": _spread(answered), "control_core_percent": round(100 * core, 1),
        "control_mib": round(memory / 2**20, 1), "machine_stood_still": plain(still),
    }  # fmt: skip


def _open(server: Server) -> tuple[str, str]:
    """Make a host with a live Space."""
    with Client(server.url, server.owner_token) as owner:
        token = token_of(owner.accounts.create(NewAccount(handle="host")))
    with Client(server.url, token) as host:
        made = host.spaces.create(NewSpace(title="Streams", speakers=Policy.EVERYONE, captions=False, start=True))
    return token, made.id


def _pin(server: Server) -> None:
    measured, rest = machine.cores()
    machine.pin(server.process.pid, measured)
    for child in machine.children(server.process.pid):
        machine.pin(child, rest)
    machine.pin_self(rest)


@asynccontextmanager
async def _reader(server: Server, space: str, streams: int, slow: int) -> AsyncIterator[asyncio.subprocess.Process]:
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    program = Path(__file__).with_name("stream_reader.py")
    words = [host, port, f"/v1/spaces/{space}/events", str(streams), str(slow)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 28,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        if await process.stdout.readline() != b"ready\n":
            raise RuntimeError("the streams could not be opened")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _change(url: str, token: str, space: str, seconds: float) -> dict[str, float]:
    """Change the title and react again and again. Returns when each title was sent."""
    headers, sent = {"Authorization": f"Bearer {token}"}, dict[str, float]()
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as http:
        for number in range(round(seconds / CHANGE_EVERY)):
            due = time.monotonic() + CHANGE_EVERY
            sent[f"mark-{number}"] = time.monotonic()
            (await http.patch(f"/v1/spaces/{space}", json={"title": f"mark-{number}"})).raise_for_status()
            await http.post(f"/v1/spaces/{space}/reactions", json={"reaction": "clap"})
            await asyncio.sleep(max(0.0, due - time.monotonic()))
    return sent


async def _ask(url: str, seconds: float) -> list[float]:
    """Ask /healthz at fixed times. Returns how long each answer took, from when it was due."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    took, began = [], time.monotonic()
    for number in range(round(seconds / ASK_EVERY)):
        due = began + number * ASK_EVERY
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        asked = time.monotonic()
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b"}")
        took.append(time.monotonic() - asked)
    writer.close()
    return took


def _reached(read: dict[str, Any], sent: dict[str, float], streams: int) -> dict[str, Any]:
    """How long the titles took from the request to each stream, and the reactions from the first stream to each."""
    came: dict[str, list[float]] = read["came"]
    titles = [when - at for mark, at in sent.items() for when in came.get(mark, [])]
    last = [max(came[mark]) - at for mark, at in sent.items() if mark in came]
    reactions = [when - min(times) for mark, times in came.items() if mark.startswith("tick") for when in times]
    return {
        "title_ms": _spread(titles), "title_at_the_last_ms": _spread(last), "missed": streams * len(sent) - len(titles),
        "reaction_after_the_first_ms": _spread(reactions), "ended": read["ended"], "mib_read": round(read["bytes"] / 2**20, 1),
    }  # fmt: skip


def _spread(seconds: list[float]) -> dict[str, float]:
    """In milliseconds."""
    found = sorted(seconds) or [float("nan")]
    return {
        name: round(1000 * found[min(len(found) - 1, int(part * len(found)))], 1)
        for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }


if __name__ == "__main__":
    asyncio.run(main())
