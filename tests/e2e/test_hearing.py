"""A real server, real voices and a real recogniser: what is said comes out as captions, and rules act on what was said alone."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

from bots.casts import Person
from bots.wer import word_errors
from spacesctl.audio import framing
from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import Decoder
from spacesctl.client.lanes import Lanes
from tests.bots.voices import engine, person
from tests.raw import Raw
from tests.running import RunningServer, running_server
from tests.webrtc import SpeakerPeer, own_address

TICK = 0.02
CAST = (("cast_a", "mara"), ("cast_b", "omar"), ("cast_b", "ines"), ("cast_a", "theo"))
"""Two speak over WebRTC, two by lanes, all at once."""
BACK_WITHIN = 5.0
"""Seconds until a killed bot or model process is back."""


def packets_of(someone: Person, start: float = 0.0, end: float | None = None) -> list[bytes]:
    """The clip, or a part of it that begins and ends in a pause."""
    packets = list(read_packets(someone.clip.read_bytes()))
    return packets[round(start / TICK) : len(packets) if end is None else round(end / TICK)]


def pcm_of(someone: Person, rate: int) -> Any:
    decoder = Decoder(rate)
    return np.concatenate([decoder.decode(packet) for packet in packets_of(someone)])


def understood(someone: Person) -> list[str]:
    """What vosk alone understands of a clip: no packets, no server, no cutting into utterances of ours."""
    pcm, recogniser, words = pcm_of(someone, 16_000).tobytes(), engine()(), []
    for at in range(0, len(pcm), 8_000):
        result = recogniser.feed(pcm[at : at + 8_000])
        words += result.text.split() if result.final else []
    return words + recogniser.finish().text.split()


def until(true: Callable[[], Any], seconds: float = 15.0, why: str = "it did not come to be") -> Any:
    """Until `true()` is; its value."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, why
        time.sleep(0.05)
    return found


class Room:
    """A live Space, its host, and speakers made on demand, each with an account."""

    def __init__(self, server: RunningServer, handles: Sequence[str], rules: str | None = None) -> None:
        self.server = server
        self.tokens = {handle: server.account(handle)["token"] for handle in ("host", *handles)}
        self.host = Raw(server.url, self.tokens["host"])
        made = self.host.post("/v1/spaces", {"title": "T", "speakers": "everyone"})
        self.id: str = made["id"]
        self.place = f"/v1/spaces/{self.id}"
        if rules is not None:
            self.host.put(f"{self.place}/rules", {"text": rules})
        self.host.post(f"{self.place}/start")
        for handle in handles:
            with Raw(server.url, self.tokens[handle]) as spaces:
                spaces.post(f"{self.place}/requests")

    def captions(self, handle: str | None = None) -> list[dict[str, Any]]:
        found = self.host.get(f"{self.place}/captions")["data"]
        return [one for one in found if handle is None or one["speaker"] == f"@{handle}"]

    def has_captions(self, handle: str, count: int) -> bool:
        return len(self.captions(handle)) >= count

    def words(self, handle: str) -> list[str]:
        return [word["w"] for one in self.captions(handle) for word in one["words"]]

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.host.get(self.place)["captions_status"]
        return found

    def wait_for_bot(self) -> None:
        until(lambda: self.status()["ready"], 20.0, "the recogniser never got ready")
        until(lambda: any(one["kind"] == "bot" and one["connected"] for one in self.people()))

    def people(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.host.get(f"{self.place}/people")["data"]
        return found

    def acts(self) -> list[tuple[str, str, str]]:
        """(rule, mode, handle) of each act, from the audit log."""
        rows = [one for one in self.host.get("/v1/audit")["data"] if one["action"] == "act"]
        return sorted((one["details"]["rule"], one["details"]["mode"], one["target"]["handle"]) for one in rows)

    async def say(self, handle: str, packets: Sequence[bytes], after: float = 0.0) -> None:
        """By lanes, in real time; a second of quiet follows."""
        await asyncio.sleep(after)
        loop = asyncio.get_running_loop()
        async with Lanes(self.server.url, self.tokens[handle], self.id, "speak") as lanes:
            began = loop.time()
            for number, packet in enumerate(packets):
                await lanes.send(framing.pack(framing.UPLINK, number, [(0, 0, packet)]))
                await asyncio.sleep(max(0.0, began + number * TICK - loop.time()))
            await asyncio.sleep(1.0)

    async def say_over_webrtc(self, handle: str, pcm: Any) -> None:
        async with AsyncExitStack() as stack:
            peer = SpeakerPeer(pcm, loop=False)
            stack.push_async_callback(peer.close)
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=self.server.url))
            headers = {"Authorization": f"Bearer {self.tokens[handle]}", "Content-Type": "application/sdp"}
            answer = await http.post(f"{self.place}/whip", content=await peer.offer(), headers=headers)
            assert answer.status_code == 201, answer.text
            await peer.accept(answer.text)
            await peer.joined()
            await asyncio.sleep(len(pcm) / 48_000 + 1.5)


@contextmanager
def room(tmp_path: Path, *handles: str, rules: str | None = None, flags: Sequence[str] = ()) -> Iterator[Room]:
    with running_server(tmp_path / "data", *flags) as server:
        made = Room(server, handles, rules)
        with made.host:
            yield made
        assert server.stop() == 0


@contextmanager
def talking(made: Room, handle: str, packets: Sequence[bytes]) -> Iterator[None]:
    """Somebody says a clip again and again beside the test."""
    stop = threading.Event()

    async def body() -> None:
        task = asyncio.create_task(made.say(handle, list(packets) * 20))
        while not stop.is_set() and not task.done():
            await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(body()))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


@pytest.mark.timeout(90)
@pytest.mark.skipif(own_address() == "127.0.0.1", reason="aiortc needs an address other than 127.0.0.1")
def test_captions_are_as_good_as_the_recogniser_alone_through_webrtc_the_engine_lanes_and_hearing(
    tmp_path: Path,
) -> None:
    people = {handle: person(cast, handle) for cast, handle in CAST}
    with room(tmp_path, *people) as made:
        made.wait_for_bot()

        async def all_at_once() -> None:
            *over_webrtc, third, fourth = people.values()
            await asyncio.gather(
                *(made.say_over_webrtc(one.handle, pcm_of(one, 48_000)) for one in over_webrtc),
                *(made.say(one.handle, packets_of(one)) for one in (third, fourth)),
            )

        asyncio.run(all_at_once())
        for handle, one in people.items():
            until(partial(made.has_captions, handle, len(one.sentences)))
        rates = {}
        for handle, one in people.items():
            said = one.text.split()
            through, alone = word_errors(said, made.words(handle)), word_errors(said, understood(one))
            rates[handle] = (round(through.rate, 3), round(alone.rate, 3))
        assert all(abs(through - alone) <= 0.05 for through, alone in rates.values()), rates
        assert all(alone < 0.15 for _, alone in rates.values()), "else the comparison says little"


RULES = """
schema = 1
[[rule]]
id = "phrase"
mode = "enforce"
when.any = [ { words = ["be here i like"] } ]
actions = ["log"]
[[rule]]
id = "letters"
mode = "enforce"
when.any = [ { words = ["serv", "ice", "goo", "is ver", "his"] } ]
actions = ["log"]
[[rule]]
id = "word"
mode = "enforce"
when.any = [ { words = ["service"] } ]
actions = ["log"]
"""


@pytest.mark.timeout(60)
def test_a_rule_fires_on_its_phrase_and_not_on_letters_inside_words_nor_across_two_speakers(tmp_path: Path) -> None:
    theo = person("cast_a", "theo")
    first, second, *_, good, _, _ = theo.sentences
    assert first.text.endswith("be here")
    assert second.text.startswith("i like")
    assert "service" in good.text
    pause = (second.start - first.end) / 2
    halves = packets_of(theo, 0.0, first.end + pause), packets_of(theo, first.end + pause, second.end + pause)
    with room(tmp_path, "half", "other_half", "whole", "letters", rules=RULES) as made:
        made.wait_for_bot()

        async def all_at_once() -> None:
            await asyncio.gather(
                made.say("half", halves[0]),
                made.say("other_half", halves[1], after=first.end + pause),
                made.say("whole", [*halves[0], *halves[1]]),
                made.say("letters", packets_of(theo, good.start - 0.4, good.end + 0.4)),
            )

        asyncio.run(all_at_once())
        until(lambda: len(made.captions()) >= 5)
        assert made.words("half")[-2:] == ["be", "here"]
        assert made.words("other_half")[:2] == ["i", "like"]
        assert "service" in made.words("letters")
        until(lambda: len(made.acts()) >= 2)
        time.sleep(0.5)
        assert made.acts() == [("phrase", "enforce", "@whole"), ("word", "enforce", "@letters")]


def process(server: RunningServer, word: str) -> psutil.Process | None:
    """The bots' supervisor or its model process, below the server. Recognisers come after what they were forked from."""
    for one in psutil.Process(server.process.pid).children(recursive=True):
        try:
            if word in one.cmdline() and one.status() != psutil.STATUS_ZOMBIE:
                return one
        except psutil.NoSuchProcess:
            continue
    return None


@pytest.mark.timeout(90)
@pytest.mark.parametrize("victim", ["supervisor", "bots.hearing"])
def test_a_killed_bot_is_back_within_5_s_and_captions_go_on(tmp_path: Path, victim: str) -> None:
    with room(tmp_path, "mara") as made, talking(made, "mara", packets_of(person("cast_a", "mara"))):
        made.wait_for_bot()
        until(made.captions, 15.0, "no captions before")
        old = process(made.server, victim)
        assert old is not None
        lane = made.people()
        old.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        until(lambda: not made.status()["ready"], 3.0, "nobody was told that nothing is heard")
        until(lambda: made.status()["ready"], 15.0, "it never came back")
        took = time.monotonic() - killed
        heard = len(made.captions())
        new = process(made.server, victim)
        assert new is not None
        assert new.pid != old.pid
        assert took < BACK_WITHIN, f"back after {took:.1f} s"
        until(lambda: len(made.captions()) >= heard + 2, 20.0, "no captions afterwards")
        speaker = next(one for one in made.people() if one["handle"] == "@mara")
        assert speaker in lane, "the Space never noticed: the same microphone session, open"


@pytest.mark.timeout(60)
def test_recognisers_that_hear_nothing_make_no_captions_and_what_they_missed_comes_when_they_go_on(
    tmp_path: Path,
) -> None:
    with room(tmp_path, "omar") as made, talking(made, "omar", packets_of(person("cast_b", "omar"))):
        made.wait_for_bot()
        until(made.captions, 15.0, "no captions before")
        model = process(made.server, "bots.hearing")
        assert model is not None
        recognisers = model.children()
        assert recognisers
        for one in recognisers:
            one.suspend()
        try:
            time.sleep(1.0)
            before = len(made.captions())
            time.sleep(4.0)
            assert len(made.captions()) == before
        finally:
            for one in recognisers:
                one.resume()
        until(lambda: len(made.captions()) > before, 10.0, "no captions afterwards")


@pytest.mark.timeout(60)
def test_a_server_without_bots_has_sound_and_no_captions(tmp_path: Path) -> None:
    with room(tmp_path, "omar", flags=["--no-bots"]) as made:
        assert made.status() == {
            "ready": False, "model": None, "notice": None, "reason": "the server runs without bots", "behind": False
        }  # fmt: skip
        with talking(made, "omar", packets_of(person("cast_b", "omar"))):
            heard = made.server.run(
                "", "listen", made.id, "--output", str(tmp_path / "x.wav"), "--seconds", "5", "--json"
            )
        assert heard.returncode == 0
        assert (tmp_path / "x.wav").stat().st_size > 200_000
        assert made.captions() == []
        assert process(made.server, "supervisor") is None


@pytest.mark.timeout(60)
def test_without_a_usable_model_the_room_works_and_says_why_it_has_no_captions(tmp_path: Path) -> None:
    with room(tmp_path, "omar", flags=["--model", str(tmp_path / "nothing")]) as made:
        until(lambda: "nothing" in str(made.status().get("reason")), 10.0)
        asyncio.run(made.say("omar", packets_of(person("cast_b", "omar"), 0.0, 5.5)))
        assert not made.status()["ready"]
        assert made.captions() == []


REDACTING = """schema = 1
[[rule]]
id = "scam"
mode = "enforce"
when.any = [ { words = ["crypto giveaway"] } ]
actions = ["redact"]
"""


def test_a_phrase_is_redacted_on_the_server_before_the_audience_hears_it(tmp_path: Path) -> None:
    rex = person("cast_a", "rex")
    first, second = rex.sentences[:2]
    (phrase,) = (one for one in rex.phrases if one.text == "crypto giveaway")
    with room(tmp_path, "rex", rules=REDACTING) as there:
        assert there.host.get(there.place)["delay"] == 4.0, "what a Space with such rules has by itself"
        there.wait_for_bot()
        asyncio.run(there.say("rex", packets_of(rex, first.start - 0.3, second.end + 0.5)))
        (made,) = until(lambda: there.host.get(f"{there.place}/redactions")["data"])

        def narrowed() -> dict[str, Any] | None:
            now: dict[str, Any]
            (now,) = there.host.get(f"{there.place}/redactions")["data"]
            return now if now["to_tick"] - now["from_tick"] < (phrase.end - phrase.start) / TICK + 15 else None

        now = until(narrowed, why="the times of its words never came")
    assert (made["by"]["kind"], made["by"]["id"]) == ("rule", "scam")
    assert (now["id"], now["state"], now["missed_to"]) == (made["id"], "in_force", None)
    assert now["to_tick"] - now["from_tick"] > (phrase.end - phrase.start) / TICK - 10
