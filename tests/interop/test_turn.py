"""coturn beside us: what we hand out opens it and nothing else does, and who may only relay speaks and hears through it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from aioice import stun, turn

from spacesctl.server.webrtc.turn import Turn
from tests.api.harness import OFFER
from tests.e2e.peers import LaneSpeaker, packets_of
from tests.e2e.scene import run, scene
from tests.e2e.test_browser import CHROMIUM, HEARD, HEARS, LANE, address, tab
from tests.interop.coturn import HOST, PROGRAM, Relay, relay
from tests.interop.gstreamer import Stage, finished, has_gstreamer, is_silent, lanes, pitch
from tests.running import running_server, wait_until

TONE = 440.0
LINK = re.compile(r'<(.+?)>; rel="ice-server"; username="(.+?)"; credential="(.+?)"; credential-type="password"')
pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="needs coturn of Debian"),
    pytest.mark.timeout(90),
]
ONLY_RELAYED = """
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(options) { super({ ...options, iceTransportPolicy: "relay" }); }
  };
"""
SELECTED = """async () => {
  const stats = await space.listening.peer.getStats();
  const transport = [...stats.values()].find((one) => one.type === "transport");
  return stats.get(stats.get(transport.selectedCandidatePairId).localCandidateId);
}"""
needs_gstreamer = pytest.mark.skipif(not has_gstreamer(), reason="needs GStreamer's webrtcbin")


@pytest.fixture
def coturn(tmp_path: Path) -> Iterator[Relay]:
    with relay(tmp_path / "coturn") as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path, coturn: Relay) -> Iterator[Stage]:
    with running_server(tmp_path / "data", "--no-bots", *coturn.config(tmp_path / "config.toml")) as server:
        yield Stage(server)


def opens(coturn: Relay, username: str, credential: str) -> bool:
    """Whether coturn gives an address to who says this."""

    async def allocate() -> None:
        transport, _ = await turn.create_turn_endpoint(
            asyncio.DatagramProtocol, (HOST, coturn.port), username, credential
        )
        transport.close()
        await asyncio.sleep(0.1)

    try:
        asyncio.run(asyncio.wait_for(allocate(), 10))
    except stun.TransactionFailed:
        return False
    return True


def by_get(stage: Stage) -> tuple[str, str, str]:
    with stage.server.client() as api:
        [server] = api.get(f"{stage.place}/ice-servers")["data"]
    [url] = server["urls"]
    return url, server["username"], server["credential"]


def by_link(answer: httpx.Response) -> tuple[str, str, str]:
    [link] = answer.headers.get_list("link")
    found = LINK.fullmatch(link)
    assert found is not None, link
    return found[1], found[2], found[3]


def by_options(stage: Stage) -> tuple[str, str, str]:
    return by_link(httpx.options(f"{stage.server.url}{stage.place}/whip"))


def by_post(stage: Stage) -> tuple[str, str, str]:
    headers = {"Content-Type": "application/sdp"}
    return by_link(httpx.post(f"{stage.server.url}{stage.place}/whep", content=OFFER, headers=headers))


@pytest.mark.interop("coturn", "takes our credentials")
@pytest.mark.parametrize("way", [by_get, by_options, by_post])
def test_what_we_hand_out_opens_coturn(
    stage: Stage, coturn: Relay, way: Callable[[Stage], tuple[str, str, str]]
) -> None:
    url, username, credential = way(stage)
    assert url == coturn.url
    assert opens(coturn, username, credential)
    assert coturn.allocated(username)


def made_by(secret: str, at: float) -> tuple[str, str]:
    settings: Any = {"urls": [f"turn:{HOST}:1"], "secret": secret, "ttl": 60}
    [server] = Turn.model_validate(settings).servers("x", at)
    assert isinstance(server.username, str)
    assert isinstance(server.credential, str)
    return server.username, server.credential


@pytest.mark.interop("coturn", "refuses what we did not make")
def test_coturn_refuses_what_is_over_made_by_another_secret_or_changed(coturn: Relay) -> None:
    now = time.time()
    username, credential = made_by(coturn.secret, now)
    assert opens(coturn, username, credential)
    assert not opens(coturn, *made_by(coturn.secret, now - 120))
    assert not opens(coturn, *made_by("another secret", now))
    later = f"{int(username.partition(':')[0]) + 86_400}:x"
    assert not opens(coturn, later, credential)


def forced(stage: Stage) -> tuple[str, str]:
    """The address that lets GStreamer relay, and the user name in it."""
    url, username, credential = by_get(stage)
    return f"turn://{quote(username, '')}:{quote(credential, '')}@{url.removeprefix('turn:')}", username


@needs_gstreamer
@pytest.mark.interop("GStreamer webrtcbin", "speaks, relayed", "listens, relayed")
def test_gstreamer_speaks_and_hears_where_it_may_only_relay(stage: Stage, coturn: Relay, tmp_path: Path) -> None:
    up, speaker = forced(stage)
    down, listener = forced(stage)
    speaking = stage.peer("whip", "--token", stage.host, "--seconds", "20", "--turn", up)
    wait_until(stage.speaks, 15)
    heard = tmp_path / "webrtc.wav"
    hearing = stage.peer("whep", "--seconds", "8", "--out", str(heard), "--turn", down)
    told = finished(hearing)
    assert told["state"] == "connected", told
    assert pitch(heard) == pytest.approx(TONE, abs=3.0)
    assert coturn.allocated(speaker)
    assert coturn.allocated(listener)
    coturn.stop()
    assert is_silent(lanes(stage, tmp_path))
    finished(speaking)


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.interop("Chromium", "listens, relayed")
def test_the_listen_button_brings_the_sound_to_a_browser_that_may_only_relay(coturn: Relay, tmp_path: Path) -> None:
    flags = ("--no-bots", *coturn.config(tmp_path / "config.toml"))

    async def body() -> None:
        async with scene(tmp_path, "ann", flags=flags) as room, tab(tmp_path) as browser:
            await room.stack.enter_async_context(LaneSpeaker(room, "ann", packets_of(LANE)))
            await browser.page.add_init_script(ONLY_RELAYED)
            await browser.page.goto(address(room))
            await browser.page.click("#listen")
            async with asyncio.timeout(15):
                while await browser.page.evaluate("space.listening?.peer?.connectionState") != "connected":
                    await asyncio.sleep(0.1)
            await browser.holds(HEARS)
            before = await browser.page.evaluate(HEARD)
            await asyncio.sleep(2.0)
            after = await browser.page.evaluate(HEARD)
            assert after["energy"] > before["energy"] + 0.001
            assert after["received"] - before["received"] > 80
            selected = await browser.page.evaluate(SELECTED)
            assert (selected["candidateType"], selected["url"]) == ("relay", coturn.url)
            await browser.page.click("#listen")
            assert await browser.errors() == []

    run(body)
