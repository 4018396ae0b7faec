"""What is typed on the stage is spoken where the host has that on: in a lane of its own, as fast as it is said, without what is masked."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from spacesctl.audio.opus import Decoder
from spacesctl.engine.messages import Uplink
from spacesctl.server.webrtc import speech
from spacesctl.server.webrtc.typed_voice import TypedVoice
from tests.api.harness import Api, As, wait_for
from tests.api.test_redactions import REDACTING, actor_of

pytestmark = pytest.mark.anyio


class Said:
    """Stands for espeak-ng: a packet for each word."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def __call__(self, text: str, lang: str) -> list[bytes]:
        self.texts.append(text)
        return [word.encode() for word in text.split()]


async def stage(api: Api, **space: Any) -> tuple[As, As, str, Said]:
    said = Said()
    api.app.registry.subscribers.append(TypedVoice(api.app, said).on_outcome)
    host = await api.account("host")
    place = await api.live(host, **space)
    await host.ok("PATCH", place, {"typed_aloud": True})
    ann = await api.account("ann")
    await host.ok("POST", f"{place}/invites", {"handles": ["ann"]})
    await ann.ok("POST", f"{place}/accept")
    return host, ann, place, said


async def test_typed_speech_is_sent_into_a_lane_of_who_types(api: Api) -> None:
    _, ann, place, said = await stage(api)
    await ann.ok("POST", f"{place}/typed", {"text": "good evening", "final": True})
    await wait_for(lambda: len(api.engine.of(Uplink)) == 2)
    assert said.texts == ["good evening"]
    lane = actor_of(api, place).space.people[ann.id].lane
    assert [(one.lane, one.payload) for one in api.engine.of(Uplink)] == [(lane, b"good"), (lane, b"evening")]
    assert actor_of(api, place).lanes() == []  # nobody has to recognise what was typed


async def test_words_that_a_rule_masks_are_not_spoken(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from spacesctl.server.webrtc import typed_voice

    monkeypatch.setattr(typed_voice, "CHECKED", 10)
    _, ann, place, said = await stage(api, rules=REDACTING)
    number = (await ann.ok("POST", f"{place}/typed", {"text": "a bad word", "final": True}))["seq"]
    await api.bot.ok("POST", f"{place}/chat/{number}/mask", {"words": [[1, 1]], "rule_id": "pitch"})
    await wait_for(lambda: bool(said.texts))
    assert said.texts == ["a word"]


async def test_who_has_a_microphone_session_is_not_spoken_for(api: Api) -> None:
    host, ann, place, said = await stage(api)
    assert (await host.offer(f"{place}/whip")).status_code == 201
    await host.ok("POST", f"{place}/typed", {"text": "me", "final": True})
    await ann.ok("POST", f"{place}/typed", {"text": "and me", "final": True})
    await wait_for(lambda: bool(said.texts))
    assert said.texts == ["and me"]


@pytest.mark.skipif(not speech.is_there(), reason="espeak-ng is not installed")
async def test_espeak_says_a_text_of_which_the_packets_sound() -> None:
    packets = await speech.spoken("good evening", "xx")
    decoder = Decoder()
    sound = np.concatenate([decoder.decode(one) for one in packets]).astype(float)
    assert 0.4 < len(packets) * 0.02 < 4
    assert np.sqrt(np.mean(sound**2)) > 300


async def test_a_program_that_hangs_or_writes_nonsense_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "WITHIN", 0.3)
    for script in ("exec sleep 60", "echo nonsense", "exit 1"):
        async with asyncio.timeout(20):
            assert await speech.spoken("hello", "en", ("/bin/sh", "-c", script)) == []
