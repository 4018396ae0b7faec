"""Janus from Debian as a peer in the bench: its Streaming plugin (encoded once, no mix) and its AudioBridge (a mix for each)."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal

import httpx

from spacesctl.bench import machine
from spacesctl.bench.listener import PAYLOAD_TYPE, Listener
from spacesctl.bench.voice import packets
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import Refused, Unavailable
from spacesctl.rtc import rtp

START_WITHIN: Final = 10.0
ROOM: Final = 1234
Plugin = Literal["streaming", "audiobridge"]

_GENERAL: Final = """
general: {{ configs_folder = "{folder}"; plugins_folder = "{libraries}/plugins"; transports_folder = "{libraries}/transports";
  events_folder = "{libraries}/events"; loggers_folder = "{libraries}/loggers"; log_to_stdout = true; debug_level = 2;
  event_loops = 1; session_timeout = 600 }}
nat: {{ ice_lite = true; full_trickle = false }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
_HTTP: Final = """
general: {{ json = "compact"; base_path = "/janus"; http = true; port = {port}; ip = "127.0.0.1"; https = false }}
admin: {{ admin_http = false }}
"""
_STREAMING: Final = """
bench: {{ type = "rtp"; id = 1; audio = true; video = false; audioport = {port}; audiopt = {payload_type}; audiocodec = "opus" }}
"""
_AUDIOBRIDGE: Final = """
room-1234: {{ description = "bench"; sampling_rate = 48000; record = false; audiolevel_ext = false;
  allow_rtp_participants = true }}
"""


class Janus:
    """One session; each listener is a handle of it. `pid` is its process."""

    def __init__(self, pid: int, url: str, plugin: Plugin, media: int) -> None:
        self.pid = pid
        self._url = url
        self._plugin = plugin
        self._media = media
        self._http = httpx.AsyncClient(timeout=40, trust_env=False)
        self._events: dict[int, asyncio.Queue[dict[str, Any]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._number = 0

    async def open(self) -> None:
        """Make the session, and let somebody talk."""
        made = await self._post("", {"janus": "create"})
        self._url += f"/{made['data']['id']}"
        self._tasks.append(asyncio.create_task(self._poll()))
        target = ("127.0.0.1", self._media)
        if self._plugin == "audiobridge":
            handle = await self._attach()
            joined = await self._say(handle, {"request": "join", "room": ROOM, "rtp": {"payload_type": PAYLOAD_TYPE}})
            target = (str(joined["rtp"]["ip"]), int(joined["rtp"]["port"]))
        self._tasks.append(asyncio.create_task(_talk(target)))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    async def signal(self, listener: Listener) -> None:
        handle = await self._attach()
        if self._plugin == "streaming":
            offered = await self._whole(handle, {"request": "watch", "id": 1})
            listener.answer(offered["jsep"]["sdp"])
            mid = offered["jsep"]["sdp"].partition("a=mid:")[2].split()[0]
            answer = {"type": "answer", "sdp": listener.offer(mid)}
            await self._whole(handle, {"request": "start"}, answer)
            return
        await self._say(handle, {"request": "join", "room": ROOM, "muted": True})
        offer = {"type": "offer", "sdp": listener.offer(direction="sendrecv")}
        answered = await self._whole(handle, {"request": "configure", "muted": True}, offer)
        listener.answer(answered["jsep"]["sdp"])

    async def _attach(self) -> int:
        made = await self._post("", {"janus": "attach", "plugin": f"janus.plugin.{self._plugin}"})
        handle = int(made["data"]["id"])
        self._events[handle] = asyncio.Queue(32)
        return handle

    async def _say(self, handle: int, body: dict[str, Any]) -> dict[str, Any]:
        said: dict[str, Any] = (await self._whole(handle, body))["plugindata"]["data"]
        return said

    async def _whole(self, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None) -> dict[str, Any]:
        message = {"janus": "message", "body": body} | ({"jsep": jsep} if jsep else {})
        asked = await self._post(f"/{handle}", message)
        while True:
            event = await asyncio.wait_for(self._events[handle].get(), START_WITHIN)
            if event["janus"] == "event" and event.get("transaction") == asked["transaction"]:
                if "error" in event["plugindata"]["data"]:
                    raise Unavailable(f"janus refuses: {event['plugindata']['data']['error']}")
                return event

    async def _post(self, path: str, message: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        answer = await self._http.post(self._url + path, json=message | {"transaction": str(self._number)})
        said: dict[str, Any] = answer.json()
        if said.get("janus") == "error":
            raise Unavailable(f"janus refuses: {said['error']['reason']}")
        return said

    async def _poll(self) -> None:
        while True:
            answer = await self._http.get(self._url, params={"maxev": 50})
            told = answer.json()
            for event in told if isinstance(told, list) else [told]:
                queue = self._events.get(event.get("sender", 0))
                if queue is not None and not queue.full():
                    queue.put_nowait(event)


@asynccontextmanager
async def janus(plugin: Plugin) -> AsyncIterator[Janus]:
    """Janus with one plugin in use, tuned: one event loop, ICE-lite. Raises Refused when it is not installed."""
    program = shutil.which("janus")
    if program is None:
        raise Refused("no_janus", "Janus is not installed here", hint="apt-get install janus")
    libraries = await asyncio.to_thread(_libraries)
    with tempfile.TemporaryDirectory(prefix="spacesctl-janus-") as folder:
        http, media = _free(socket.SOCK_STREAM), _free(socket.SOCK_DGRAM)
        texts = {
            "janus.jcfg": _GENERAL.format(
                folder=folder,
                libraries=libraries,
                plugins=_others(libraries / "plugins", plugin),
                transports=_others(libraries / "transports", "http"),
            ),
            "janus.transport.http.jcfg": _HTTP.format(port=http),
            "janus.plugin.streaming.jcfg": _STREAMING.format(port=media, payload_type=PAYLOAD_TYPE),
            "janus.plugin.audiobridge.jcfg": _AUDIOBRIDGE.format(),
        }
        for name, text in texts.items():
            (Path(folder) / name).write_text(text)
        async with running([program, "-F", folder, "-C", f"{folder}/janus.jcfg"], http) as pid:
            here = Janus(pid, f"http://127.0.0.1:{http}/janus", plugin, media)
            try:
                await here.open()
                yield here
            finally:
                await here.close()


@asynccontextmanager
async def running(words: Sequence[str], port: int) -> AsyncIterator[int]:
    """A program that serves a TCP port of this machine, pinned to where what is measured runs; its process id."""
    measured, rest = machine.cores()
    process = await asyncio.create_subprocess_exec(
        *words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        machine.pin(process.pid, measured)
        machine.pin_self(rest)
        await _answering(process, port, words[0])
        machine.pin(process.pid, measured)  # with the threads that it has by now
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _answering(process: asyncio.subprocess.Process, port: int, name: str) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + START_WITHIN
    while loop.time() < end and process.returncode is None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise Unavailable(f"{name} does not answer on port {port}")


async def _talk(target: tuple[str, int]) -> None:
    """The voice as plain RTP, over and over."""
    loop = asyncio.get_running_loop()
    said = packets()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        mouth.setblocking(False)
        began, number = loop.time(), 0
        while True:
            await asyncio.sleep(max(0.0, began + number * TICK_SECONDS - loop.time()))
            with contextlib.suppress(OSError):
                mouth.sendto(rtp.header(PAYLOAD_TYPE, number, number * 960, 99) + said[number % len(said)], target)
            number += 1


def _libraries() -> Path:
    """Where Debian, or whoever built it, put its plugins."""
    return next(Path("/usr/lib").glob("*/janus"), Path("/usr/lib/janus"))


def _others(folder: Path, wanted: str) -> str:
    """All plugins of a folder but one, as its configuration lists them."""
    return ",".join(one.name for one in sorted(folder.glob("*.so")) if wanted not in one.name)


def _free(kind: int) -> int:
    """A port that nobody has now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
