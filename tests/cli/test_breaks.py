"""Whole processes and a real server that dies, hangs or idles: who follows a Space comes back by itself, and says so."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
import wave
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import Decoder
from spacesctl.client.aio import AsyncClient
from spacesctl.live.stream_writer import HEARTBEAT, LOOK_EVERY
from tests.cli.inside import Person
from tests.listening import RATE, Sound, likeness, loudness, voice
from tests.running import RunningServer, running_server, wait_until

LOST, BACK = "the connection is lost: ", "connected again"
QUIET = 3 * (HEARTBEAT + LOOK_EVERY)
"""Seconds in which a silent stream has three keep-alives at least."""


def opened(server: RunningServer, token: str, handle: str, space: str) -> bool:
    """Whether the microphone of an account is open."""
    with server.client(token) as spaces, suppress(Exception):
        people: list[dict[str, Any]] = spaces.get(f"/v1/spaces/{space}/people")["data"]
        return any(one["handle"] == handle and one["mic"] == "open" for one in people)
    return False


def heard(path: Path) -> Sound:
    """The sound of an Ogg file."""
    decoder = Decoder()
    return np.concatenate([decoder.decode(packet) for packet in read_packets(path.read_bytes())])


def ended(process: subprocess.Popen[str]) -> tuple[int, str, list[str]]:
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err.splitlines()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_who_speaks_listens_and_watches_comes_back_after_a_crash_of_the_server(tmp_path: Path) -> None:
    said = voice(7, 3.0)
    with wave.open(str(tmp_path / "voice.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(said.tobytes())
    words = (tmp_path / "data", "--no-bots")
    server = RunningServer(*words)
    token = server.account("ann")["token"]
    with server.client(token) as spaces:
        space = spaces.post("/v1/spaces", {"title": "T", "start": True, "captions": False})["id"]
    began = time.monotonic()
    listens = server.start("", "listen", space, "--output", str(tmp_path / "heard.ogg"))
    speaks = server.start(token, "speak", space, "--file", str(tmp_path / "voice.wav"), "--loop")
    follows = [server.start("", *command) for command in (["watch", space], ["captions", space, "--follow"])]
    try:
        wait_until(lambda: opened(server, token, "@ann", space))
        time.sleep(2.5)
        server.stop(signal.SIGKILL)
        time.sleep(1.0)
        with running_server(*words, http=server.http) as again:
            wait_until(lambda: opened(again, token, "@ann", space), 20)
            time.sleep(4.5)
            with again.client(token) as spaces:
                spaces.post(f"/v1/spaces/{space}/end")
            lasted = time.monotonic() - began
            results = [ended(process) for process in (speaks, listens, *follows)]
    finally:
        for process in (listens, speaks, *follows):
            process.kill()
        if server.process.stdout is not None:
            server.process.stdout.close()
    for (code, _, told), expected in zip(results, (3, 0, 0, 0), strict=True):
        assert code == expected, told
        assert sum(line.startswith(LOST) for line in told) == 1, told
        assert told.count(BACK) == 1
    sound = heard(tmp_path / "heard.ogg")
    assert likeness(sound[-3 * RATE :], said) > 0.6, "it is heard again"
    gap = min(loudness(sound[at : at + RATE // 2]) for at in range(0, len(sound) - RATE, RATE // 4))
    assert gap < 0.001, "the break is silence in its place"
    assert abs(len(sound) / RATE - lasted) < 3.5, "and as long as it was"


@pytest.mark.slow
def test_a_server_that_hangs_is_left_and_found_again(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        token = server.account("ann")["token"]
        with server.client(token) as spaces:
            space = spaces.post("/v1/spaces", {"title": "T", "start": True, "captions": False})["id"]
        follows = [
            server.start(token, *words)
            for words in (["watch", space, "--json"], ["listen", space, "--output", str(tmp_path / "heard.wav")])
        ]
        try:
            time.sleep(2.0)
            server.process.send_signal(signal.SIGSTOP)
            time.sleep(10.0)  # 6 s without a sign of life, and some for a busy machine
            server.process.send_signal(signal.SIGCONT)
            time.sleep(7.0)
            with server.client(token) as spaces:
                spaces.post(f"/v1/spaces/{space}/end")
            results = [ended(process) for process in follows]
        finally:
            server.process.send_signal(signal.SIGCONT)
            for process in follows:
                process.kill()
    for code, _, told in results:
        assert code == 0
        assert [line for line in told if line.startswith(LOST)], told
        assert BACK in told
    assert '"space.ended"' in results[0][1]


@pytest.mark.slow
def test_streams_stay_open_through_three_keep_alives(host: Person, ann: Person) -> None:
    space = host.live("--speakers", "everyone")
    follows = [host.server.start(host.token, *words) for words in (["watch", space], ["captions", space, "--follow"])]

    async def events(client: AsyncClient, view: Any, last: int | None) -> list[str]:
        return [event.type async for event in client.spaces.events(space, view, last_event_id=last)]

    async def lanes(client: AsyncClient) -> int:
        async with client.lanes(space, "listen") as heard:
            return len([message async for message in heard if isinstance(message, bytes)])

    async def players(url: str) -> int:
        async with (
            httpx.AsyncClient(trust_env=False) as http,
            http.stream("GET", f"{url}/v1/spaces/{space}/listen.ogg") as found,
        ):
            return sum([len(piece) async for piece in found.aiter_bytes()])

    async def whole() -> list[Any]:
        url = host.server.url
        async with AsyncClient(url, host.token) as client, asyncio.timeout(QUIET + 8), asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(one)
                for one in (events(client, "audience", 0), events(client, "staff", None), lanes(client), players(url))
            ]
            await asyncio.sleep(QUIET)
            assert not any(task.done() for task in tasks)
            await client.spaces.end(space)
        return [task.result() for task in tasks]

    try:
        audience, staff, messages, size = asyncio.run(whole())
        assert audience[0] == "hello"
        assert "space.started" in audience, "numbered events came before the quiet"
        assert audience[-1] == staff[-1] == "space.ended"
        assert messages >= 0 < size
        for process in follows:
            code, _, told = ended(process)
            assert code == 0
            assert not [line for line in told if line.startswith(LOST)]
    finally:
        for process in follows:
            process.kill()
