"""Janus' HTTP API as we use it: what it answers, refuses and does not answer; and the real Janus, heard and started anew."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from spacesctl.bench import janus, programs
from spacesctl.bench.janus import AudioBridge, Janus, Streaming, why_no_janus
from spacesctl.domain.errors import Refused, Unavailable
from spacesctl.probe.pooled_listener import PooledListener
from spacesctl.probe.session import Session
from spacesctl.rtc.dtls import Identity

ANSWER = Session(Identity()).offer("sendonly", candidate=("127.0.0.1", 5000))


class FakeJanus:
    """Answers what is posted, and keeps it. `events` are given to the next polls; each plugin event names the last transaction."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self.events = list(events)
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.refuses: str | None = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            messages = sum(body["janus"] == "message" for _, body in self.posted)
            if not self.events or messages < self.events[0]["after"]:
                await asyncio.sleep(0.01)
                return httpx.Response(200, json={"janus": "keepalive"})
            told = [one | {"transaction": self.posted[-1][1]["transaction"]} | one for one in self.events.pop(0)["all"]]
            return httpx.Response(200, json=told if len(told) > 1 else told[0])
        asked = json.loads(request.content)
        self.posted.append((request.url.path, asked))
        if self.refuses == asked["janus"]:
            return httpx.Response(200, json={"janus": "error", "error": {"code": 403, "reason": "not today"}})
        number = 11 if asked["janus"] == "create" else 22
        return httpx.Response(200, json={"janus": "ack", "data": {"id": number}, "transaction": asked["transaction"]})


def event(data: dict[str, Any], sdp: str | None = None, **changes: Any) -> dict[str, Any]:
    jsep = {"jsep": {"type": "answer", "sdp": sdp}} if sdp else {}
    return {"janus": "event", "sender": 22, "plugindata": {"data": data}} | jsep | changes


def told(*events: dict[str, Any], after: int = 1) -> dict[str, Any]:
    """What one poll answers, after this many messages to plugins."""
    return {"all": events, "after": after}


def talk(fake: FakeJanus, script: Callable[[Janus], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        here = Janus(1, "http://janus/janus", 4000)
        await here._http.aclose()
        here._http = httpx.AsyncClient(transport=httpx.MockTransport(fake))
        try:
            await here.open()
            return await script(here)
        finally:
            await here.close()

    return asyncio.run(main())


def test_a_speaker_joins_the_room_and_gets_the_answer_to_their_own_request() -> None:
    other = event({"audiobridge": "talking"}, transaction="another")
    fake = FakeJanus(told(event({}, janus="webrtcup"), other), told(event({"audiobridge": "joined"}, ANSWER)))
    assert talk(fake, lambda here: AudioBridge(here).speak("our offer")) == ANSWER
    paths = [path for path, _ in fake.posted]
    assert paths == ["/janus", "/janus/11", "/janus/11/22"]
    create, attach, join = (body for _, body in fake.posted)
    assert (create["janus"], attach["plugin"]) == ("create", "janus.plugin.audiobridge")
    assert join["body"] == {"request": "join", "room": janus.ROOM, "codec": "opus", "muted": False, "fec": True}
    assert join["jsep"] == {"type": "offer", "sdp": "our offer"}
    assert len({body["transaction"] for _, body in fake.posted}) == 3


def test_a_speaker_over_plain_rtp_is_told_where_to_send_to() -> None:
    fake = FakeJanus(told(event({"rtp": {"ip": "127.0.0.1", "port": 7777}})))
    assert talk(fake, lambda here: AudioBridge(here).place()) == ("127.0.0.1", 7777)
    assert "jsep" not in fake.posted[-1][1]


def test_a_listener_answers_the_offer_of_streaming() -> None:
    listener = PooledListener(Identity(), "one")
    offered = ANSWER.replace("a=mid:0", "a=mid:audio")
    fake = FakeJanus(told(event({}, offered)), told(event({"result": {"status": "starting"}}), after=2))
    with listener.socket:
        talk(fake, lambda here: Streaming(here).signal(listener))
    assert [body["body"]["request"] for _, body in fake.posted[2:]] == ["watch", "start"]
    sent = fake.posted[-1][1]["jsep"]
    assert sent["type"] == "answer"
    assert "a=mid:audio" in sent["sdp"]
    assert listener.session.theirs is not None


@pytest.mark.parametrize("what", ["create", "attach", "message"])
def test_what_janus_refuses_is_told_in_its_own_reason(what: str) -> None:
    fake = FakeJanus()
    fake.refuses = what
    with pytest.raises(Unavailable, match="Janus refuses: not today"):
        talk(fake, lambda here: AudioBridge(here).listen("offer"))


def test_what_a_plugin_refuses_is_told_too() -> None:
    fake = FakeJanus(told(event({"error_code": 485, "error": "no such room"})))
    with pytest.raises(Unavailable, match="no such room"):
        talk(fake, lambda here: AudioBridge(here).listen("offer"))


def test_a_plugin_that_does_not_answer_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(janus, "WITHIN", 0.05)
    with pytest.raises(TimeoutError):
        talk(FakeJanus(), lambda here: AudioBridge(here).listen("offer"))


def test_events_that_nobody_reads_do_not_pile_up() -> None:
    fake = FakeJanus(told(*(event({"number": number}, transaction="another") for number in range(50))))

    async def script(here: Janus) -> int:
        handle = await here.attach("audiobridge")
        await here._post(f"/{handle}", {"janus": "message", "body": {}})
        while not here._events[handle].full():
            await asyncio.sleep(0.005)
        return here._events[handle].qsize()

    assert talk(fake, script) == 32


def test_a_configuration_is_filled_in_for_its_ports_and_has_a_secret_of_its_own() -> None:
    secrets = set()
    for _ in range(2):
        with janus._configured(8123, 4567) as name:
            files = {path.name: path.read_text() for path in Path(name).iterdir()}
        assert set(files) == {path.name for path in janus.FILES.iterdir()}
        assert "8123" in files["janus.transport.http.jcfg"]
        assert "4567" in files["janus.plugin.streaming.jcfg"]
        assert name in files["janus.jcfg"]
        secrets.add(files["janus.jcfg"].replace(name, ""))
    assert len(secrets) == 2


def test_where_it_cannot_run_it_says_why_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    async def start() -> None:
        async with janus.audiobridge():
            raise AssertionError("it started")

    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/janus")
    monkeypatch.setattr(janus, "FILES", Path("/nowhere"))
    with pytest.raises(Refused, match="only in the source tree"):
        asyncio.run(start())


def test_a_janus_that_ends_at_once_is_told_and_leaves_no_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "janus"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(programs, "START_WITHIN", 5.0)

    async def start() -> None:
        async with janus.audiobridge():
            raise AssertionError("it started")

    with pytest.raises(Unavailable, match="janus does not answer"):
        asyncio.run(start())
    assert not list(tmp_path.glob("spacesctl-janus-*"))


@pytest.mark.slow
@pytest.mark.skipif(why_no_janus() is not None, reason="needs Janus")
def test_the_real_janus_refuses_a_room_that_it_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    async def join() -> None:
        async with janus.audiobridge() as bridge:
            monkeypatch.setattr(janus, "ROOM", 99)
            with pytest.raises(Unavailable, match=r"No such room \(99\)"):
                await bridge.listen(Session(Identity()).offer("recvonly"))

    asyncio.run(join())
