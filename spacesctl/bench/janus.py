"""Debian's Janus for comparison, controlled by its HTTP API: AudioBridge (a mix for each listener), Streaming (encoded once, no mix)."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import httpx

from spacesctl.api.wire import Wire, load
from spacesctl.bench.programs import free_port, running
from spacesctl.bench.voice import packets
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import Refused, Unavailable
from spacesctl.probe.description import PAYLOAD_TYPE
from spacesctl.probe.pooled_listener import PooledListener
from spacesctl.rtc import rtp

FILES: Final = Path(__file__).parents[2] / "tests" / "bench" / "janus"
"""Its configuration, which is only in a checkout of the source tree."""
WITHIN: Final = 10.0
"""Seconds that a plugin has to answer."""
ROOM: Final = 1234
"""The number of AudioBridge's room in the configuration."""
MOUNTPOINT: Final = 1
"""The number of Streaming's mountpoint in the configuration."""


Body = Mapping[str, str | int | bool | Mapping[str, int]]
"""A request to a plugin."""


class Made(Wire, frozen=True, kw_only=True):
    """A session or a handle."""

    id: int


class Refusal(Wire, frozen=True, kw_only=True):
    """Why a request is refused."""

    reason: str


class Answer(Wire, frozen=True, kw_only=True):
    """What is answered to a request at once."""

    janus: str
    transaction: str = ""
    data: Made | None = None
    error: Refusal | None = None


class PlainRtp(Wire, frozen=True, kw_only=True):
    """Where plain RTP is sent to."""

    ip: str
    port: int


class Told(Wire, frozen=True, kw_only=True):
    """What a plugin tells."""

    error: str | None = None
    rtp: PlainRtp | None = None


class PluginData(Wire, frozen=True, kw_only=True):
    """The envelope of it."""

    data: Told


class Jsep(Wire, frozen=True, kw_only=True):
    """A description of a session: an `offer` or an `answer`."""

    type: str
    sdp: str


class Event(Wire, frozen=True, kw_only=True):
    """What a poll brings: from a plugin (`event`) or from Janus itself. `sender` is a handle."""

    janus: str
    sender: int = 0
    transaction: str = ""
    plugindata: PluginData | None = None
    jsep: Jsep | None = None

    @property
    def sdp(self) -> str:
        """The description that came with it. Raises Unavailable without one."""
        if self.jsep is None:
            raise Unavailable("Janus answered without a description")
        return self.jsep.sdp

    @property
    def told(self) -> Told:
        """What the plugin told."""
        return self.plugindata.data if self.plugindata is not None else Told()


def polled(content: bytes) -> list[Event]:
    """The events of an answer to a poll, which is a list of them or a single one."""
    return load(content, list[Event]) if content.lstrip().startswith(b"[") else [load(content, Event)]


class Janus:
    """One session of a running Janus; each speaker and listener is a handle in it. `pid` is the Janus process, `url` its HTTP API, `media`
    the UDP port to which the stream is sent as plain RTP."""

    def __init__(self, pid: int, url: str, media: int) -> None:
        self.pid = pid
        self.media = media
        self._url = url
        self._http = httpx.AsyncClient(timeout=40, trust_env=False)
        self._events: dict[int, asyncio.Queue[Event]] = {}
        self._polling: asyncio.Task[None] | None = None
        self._number = 0

    async def open(self) -> None:
        """Create the session. Raises Unavailable when Janus refuses."""
        self._url += f"/{await self._make({'janus': 'create'})}"
        self._polling = asyncio.create_task(self._poll())

    async def close(self) -> None:
        """Stop polling for events."""
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
        await self._http.aclose()

    async def attach(self, plugin: str) -> int:
        """Make a handle of a plugin, and return its id. Raises Unavailable when Janus refuses."""
        handle = await self._make({"janus": "attach", "plugin": f"janus.plugin.{plugin}"})
        self._events[handle] = asyncio.Queue(32)
        return handle

    async def say(self, handle: int, body: Body, jsep: Jsep | None = None) -> Event:
        """Send a plugin a request (with an SDP in `jsep`), and wait for its event. Raises Unavailable when it refuses, TimeoutError when it
        does not answer within `WITHIN`."""
        described = {"jsep": {"type": jsep.type, "sdp": jsep.sdp}} if jsep is not None else {}
        asked = await self._post(f"/{handle}", {"janus": "message", "body": body, **described})
        while True:
            event = await asyncio.wait_for(self._events[handle].get(), WITHIN)
            if event.janus == "event" and event.transaction == asked.transaction:
                if event.told.error is not None:
                    raise Unavailable(f"Janus refuses: {event.told.error}")
                return event

    async def _make(self, message: Mapping[str, str]) -> int:
        made = await self._post("", message)
        if made.data is None:
            raise Unavailable("Janus answered without an id")
        return made.data.id

    async def _post(self, path: str, message: Mapping[str, str | Body]) -> Answer:
        self._number += 1
        answer = await self._http.post(self._url + path, json={**message, "transaction": str(self._number)})
        said = load(answer.content, Answer)
        if said.janus == "error":
            raise Unavailable(
                f"Janus refuses: {said.error.reason if said.error is not None else 'it does not say why'}"
            )
        return said

    async def _poll(self) -> None:
        while True:
            answer = await self._http.get(self._url, params={"maxev": 50})
            for event in polled(answer.content):
                queue = self._events.get(event.sender)
                if queue is not None and not queue.full():
                    queue.put_nowait(event)


class AudioBridge:
    """AudioBridge with one room, in which everybody hears everybody else."""

    name = "AudioBridge"

    def __init__(self, janus: Janus) -> None:
        self.pid = janus.pid
        self._janus = janus

    async def speak(self, offer: str) -> str:
        """Add a speaker. Returns the SDP answer."""
        return await self._join(offer, muted=False, fec=True)

    async def listen(self, offer: str) -> str:
        """Add a listener. Returns the SDP answer."""
        return await self._join(offer, muted=True, fec=True)

    async def signal(self, listener: PooledListener) -> None:
        """Exchange offer and answer, so that a listener can connect."""
        listener.answer(await self._join(listener.offer(direction="sendrecv"), muted=True))

    async def place(self) -> tuple[str, int]:
        """Add a speaker over plain RTP. Returns the host and UDP port to send to."""
        body: Body = {"request": "join", "room": ROOM, "rtp": {"payload_type": PAYLOAD_TYPE}}
        joined = await self._janus.say(await self._janus.attach("audiobridge"), body)
        if joined.told.rtp is None:
            raise Unavailable("Janus does not say where it takes plain RTP")
        return joined.told.rtp.ip, joined.told.rtp.port

    async def _join(self, offer: str, **how: bool) -> str:
        body: Body = {"request": "join", "room": ROOM, "codec": "opus", **how}
        joined = await self._janus.say(await self._janus.attach("audiobridge"), body, Jsep(type="offer", sdp=offer))
        return joined.sdp


class Streaming:
    """Streaming with one mountpoint, which forwards packets without decoding them."""

    def __init__(self, janus: Janus) -> None:
        self.pid = janus.pid
        self._janus = janus

    async def signal(self, listener: PooledListener) -> None:
        """Exchange offer and answer, so that a listener can connect. Here the offer is Janus'."""
        handle = await self._janus.attach("streaming")
        offered = (await self._janus.say(handle, {"request": "watch", "id": MOUNTPOINT})).sdp
        listener.answer(offered)
        mid = offered.partition("a=mid:")[2].split()[0]
        await self._janus.say(handle, {"request": "start"}, Jsep(type="answer", sdp=listener.offer(mid)))

    async def place(self) -> tuple[str, int]:
        """The host and UDP port to send plain RTP to."""
        return "127.0.0.1", self._janus.media


Plugin = TypeVar("Plugin", AudioBridge, Streaming)


def why_no_janus() -> str | None:
    """The reason why Janus cannot run here; None when it can."""
    if shutil.which("janus") is None:
        return "Janus is not installed (Debian: apt-get install janus)"
    if not FILES.is_dir():
        return "the configuration of Janus is only in the source tree (tests/bench/janus), not in the package"
    return None


@asynccontextmanager
async def audiobridge() -> AsyncIterator[AudioBridge]:
    """Start AudioBridge. Raises Refused where it cannot run."""
    async with _janus(pinned=False) as here:
        yield AudioBridge(here)


@asynccontextmanager
async def talking(kind: type[Plugin]) -> AsyncIterator[Plugin]:
    """Start a plugin on the measured core, with one speaker who talks all the time. Raises Refused where it cannot run."""
    async with _janus(pinned=True) as here:
        made = kind(here)
        voice = asyncio.create_task(_talk(await made.place()))
        try:
            yield made
        finally:
            voice.cancel()
            await asyncio.gather(voice, return_exceptions=True)


@asynccontextmanager
async def _janus(*, pinned: bool) -> AsyncIterator[Janus]:
    why = await asyncio.to_thread(why_no_janus)
    if why is not None:
        raise Refused("no_janus", why)
    http, media = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    folder = await asyncio.to_thread(_configured, http, media)
    try:
        async with running(["janus", "-F", folder.name], http, pinned=pinned) as pid:
            here = Janus(pid, f"http://127.0.0.1:{http}/janus", media)
            try:
                await here.open()
                yield here
            finally:
                await here.close()
    finally:
        await asyncio.to_thread(folder.cleanup)


def _configured(http: int, media: int) -> tempfile.TemporaryDirectory[str]:
    """A temporary folder with our configuration for these ports."""
    folder = tempfile.TemporaryDirectory(prefix="spacesctl-janus-")
    values = {
        "FOLDER": folder.name,
        "LIBRARY": str(next(Path("/usr/lib").glob("*/janus"), Path("/usr/lib/janus"))),  # Debian's, or the default
        "SECRET": secrets.token_hex(16),
        "HTTP": str(http),
        "MEDIA": str(media),
    }
    for file in FILES.glob("*.jcfg"):
        text = file.read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", value)
        (Path(folder.name) / file.name).write_text(text)
    return folder


async def _talk(target: tuple[str, int]) -> None:
    """Send the test voice as plain RTP, in a loop."""
    loop = asyncio.get_running_loop()
    said = await asyncio.to_thread(packets)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        began, number = loop.time(), 0
        while True:
            await asyncio.sleep(max(0.0, began + number * TICK_SECONDS - loop.time()))
            with contextlib.suppress(OSError):
                sock.sendto(rtp.header(PAYLOAD_TYPE, number, number * 960, 99) + said[number % len(said)], target)
            number += 1
