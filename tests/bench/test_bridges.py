"""The servers that are compared: the aiortc ones by a real client of each, and what is told when one refuses or ends."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from spacesctl.audio.opus import FRAME, Pcm
from spacesctl.bench import aiortc_forwarder, aiortc_relay, bridges, latency
from spacesctl.bench.aiortc_forwarder import Forwarder
from spacesctl.bench.aiortc_relay import MAX_OFFER, Relay
from spacesctl.bench.bridges import Aiortc, Ours
from spacesctl.domain.errors import NotSignedIn, Unavailable
from spacesctl.probe.aiortc_peer import AiortcListener, AiortcSpeaker, own_address
from spacesctl.probe.server_process import Server

needs_an_address = pytest.mark.skipif(own_address() is None, reason="aiortc does not offer 127.0.0.1")


class Loudness:
    """How loud the loudest frame was that a listener heard."""

    def __init__(self) -> None:
        self.loudest = 0

    def __call__(self, _time: int, pcm: Pcm) -> None:
        self.loudest = max(self.loudest, int(np.abs(pcm.astype(int)).max(initial=0)))

    async def is_heard(self) -> None:
        async with asyncio.timeout(8):
            while self.loudest < 1000:
                await asyncio.sleep(0.02)


def tone(number: int) -> Pcm:
    return (8000 * np.sin(2 * np.pi * 440 * (np.arange(FRAME) + number * FRAME) / 48_000)).astype(np.int16)


async def heard_over(answer: Callable[[str], Awaitable[str]]) -> None:
    """Fails unless a listener that offers itself to `answer` hears a voice."""
    loudness = Loudness()
    listener = AiortcListener(loudness)
    try:
        await listener.accept(await answer(await listener.offer()))
        await listener.joined()
        await loudness.is_heard()
    finally:
        await listener.close()


@needs_an_address
@pytest.mark.usefixtures("may_block")
def test_a_listener_of_the_forwarder_waits_for_a_speaker_and_hears_them() -> None:
    async def body() -> None:
        forwarder, speaker = Forwarder(), AiortcSpeaker(tone)
        listening = asyncio.create_task(heard_over(forwarder.down))
        await asyncio.sleep(0.05)
        assert not listening.done(), "there is no speaker yet"
        await speaker.accept(await forwarder.up(await speaker.offer()))
        await listening
        await speaker.close()
        await forwarder.close()
        assert len(forwarder._connections) == 2
        assert {one.connectionState for one in forwarder._connections} == {"closed"}

    asyncio.run(body())


@needs_an_address
def test_the_forwarder_answers_line_by_line_until_its_input_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def body() -> None:
        speaker = AiortcSpeaker(tone)
        asked = {"kind": "up", "sdp": await speaker.offer()}
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(asked) + "\n"))
        await aiortc_forwarder.main()
        await speaker.close()

    asyncio.run(body())
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["sdp"].startswith("v=0")


@needs_an_address
@pytest.mark.usefixtures("may_block")
def test_the_relay_answers_an_offer_over_tcp_and_its_listener_hears_the_voice() -> None:
    async def body() -> None:
        relay = Relay()
        async with await asyncio.start_server(relay.serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]

            async def answer(offer: str) -> str:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"%d\n%s" % (len(offer.encode()), offer.encode()))
                answered = (await reader.read()).decode()
                writer.close()
                return answered

            await heard_over(answer)
        await asyncio.gather(*(one.close() for one in relay._connections))

    asyncio.run(body())


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", b"%d\n" % (MAX_OFFER + 1), b""])
def test_the_relay_answers_nothing_to_what_is_no_offer(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(aiortc_relay, "voice", lambda: None)

    async def body() -> bytes:
        async with await asyncio.start_server(Relay().serve, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
            writer.write(said)
            writer.write_eof()
            answered = await reader.read()
            writer.close()
            return answered

    assert asyncio.run(body()) == b""


def test_a_forwarder_that_ended_is_told() -> None:
    async def body() -> None:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec("true", stdin=pipe, stdout=pipe)
        bridge = Aiortc(process)
        for join in (bridge.speak, bridge.listen):
            with pytest.raises(Unavailable, match="ended"):
                await join("v=0")
        await process.wait()

    asyncio.run(body())


def test_our_own_refusal_is_raised_as_it_is(tmp_path: Path) -> None:
    problem = json.dumps({"code": "not_signed_in", "title": "Not signed in", "status": 401, "detail": "no such token"})

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/problem+json\r\nContent-Length: {len(problem)}"
        writer.write(f"{head}\r\n\r\n{problem}".encode())
        writer.close()

    class Here(Server):
        @property
        def owner_token(self) -> str:
            return "secret"

    async def body() -> None:
        here = Here(None, tmp_path)  # type: ignore[arg-type]  # no process is asked for
        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server, httpx.AsyncClient() as http:
            here.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            await Ours(here, http).open()

    with pytest.raises(NotSignedIn, match="no such token"):
        asyncio.run(body())


def test_a_server_in_which_nothing_is_heard_has_missed_every_chirp(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silence(*_: Any) -> list[float | None]:
        return [None] * 3

    class Nothing:
        async def __aenter__(self) -> Nothing:
            return self

        async def __aexit__(self, *_: object) -> None:
            return

    monkeypatch.setattr(latency, "one_call", silence)
    monkeypatch.setitem(bridges.BRIDGES, "deaf", Nothing)
    made = asyncio.run(latency.delays("deaf", 2, 8.0))
    assert (made.chirps, made.missed, made.p50) == (0, 6, 0.0)
    made_of_some = asyncio.run(_with_delays(monkeypatch, [0.05, None, 0.07]))
    assert (made_of_some.chirps, made_of_some.missed) == (2, 1)
    assert (made_of_some.p50, made_of_some.worst) == (60.0, 70.0)


async def _with_delays(monkeypatch: pytest.MonkeyPatch, heard: list[float | None]) -> latency.Delay:
    async def some(*_: Any) -> list[float | None]:
        return heard

    monkeypatch.setattr(latency, "one_call", some)
    return await latency.delays("deaf", 1, 8.0)


def test_a_chirp_is_missed_when_nothing_came_after_it_or_something_else() -> None:
    said, places = latency.chirps(4 * 48_000)
    chirp = said[places[0] : places[0] + latency.CHIRP]
    starts = [number * FRAME for number in range(100)]
    heard = np.zeros(100 * FRAME, np.int16)
    assert latency._heard_after(chirp, heard, 99.0, lambda sample: sample / 48_000, starts) is None
    assert latency._heard_after(chirp, heard, 0.0, lambda sample: sample / 48_000, starts) is None
    heard[4800 : 4800 + len(chirp)] = chirp
    found = latency._heard_after(chirp, heard, 0.02, lambda sample: sample / 48_000, starts)
    assert found == pytest.approx(0.1 - 0.02)
