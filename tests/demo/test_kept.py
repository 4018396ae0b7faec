"""What rules kept from the audience, in sound that is made here: silence or a tone in the place of a phrase, or the phrase itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from bots import casts
from spacesctl.api.by import By
from spacesctl.api.redactions import Redaction
from spacesctl.api.wire import Time
from spacesctl.audio.delay import TONE_HZ, TONE_PEAK
from spacesctl.demo import measure
from spacesctl.demo.kept import Ear, kept, silent_from
from spacesctl.demo.measure import Spoken
from spacesctl.demo.script import read
from spacesctl.probe import probe_listener
from spacesctl.probe.probe_listener import RATE, TICK, Heard
from tests.typed import sure

CAST = casts.load("cast_a")
IDS = {one.handle: f"id-{one.handle}" for one in CAST.people}
REX, MARA = CAST.troublemaker, next(one for one in CAST.people if one.handle == "mara")
PHRASE, NUMBER = REX.phrases[0], MARA.phrases[0]
BEGIN = 1000


def redaction(account: str, first: float, last: float, rule: str, **more: Any) -> Redaction:
    made = Redaction(
        id="r", lane=1, account_id=account, from_tick=round(first), to_tick=round(last), mode="silence", cut=False,
        by=By(kind="rule", id=rule), reason="", state="in_force", missed_to=None, created_at=Time.read("2026-01-01T00:00:00Z"),
    )  # fmt: skip
    return replace(made, **more)


def of_phrase(account: str, phrase: casts.Phrase, **more: Any) -> Redaction:
    return redaction(account, BEGIN + phrase.start * 50 - 5, BEGIN + phrase.end * 50 + 5, phrase.rule, **more)


def ear(*people: casts.Person, without: Iterable[casts.Phrase] = (), tone: bool = False) -> Ear:
    """Somebody who heard all of these people at once, but for some phrases."""
    clips = {one.handle: probe_listener.clip(read(one)) for one in people}
    length = max(map(len, clips.values())) + RATE
    sound = np.random.default_rng(3).normal(0, 0.0003, length).astype(np.float32)
    wave = TONE_PEAK / 32_768 * np.sin(2 * np.pi * TONE_HZ * np.arange(length) / RATE)
    for one in people:
        pcm = clips[one.handle].copy()
        for phrase in (each for each in one.phrases if each in without):
            gone = slice(round((phrase.start - 0.1) * RATE), round((phrase.end + 0.1) * RATE))
            pcm[gone] = wave[gone] if tone else 0
        sound[: len(pcm)] += pcm
    heard = Heard(BEGIN, sound)
    spoken = {one.handle: Spoken(read(one), BEGIN, len(clips[one.handle]) / RATE) for one in people}
    return Ear(heard, measure.voices(heard, spoken))


def test_a_phrase_is_on_the_stage_and_not_in_the_audience() -> None:
    whole, part = ear(REX, MARA), ear(REX, MARA, without=[PHRASE])
    (row,) = kept(CAST, IDS, [of_phrase("id-rex", PHRASE)], whole, [part, part])
    assert (row.handle, row.rule, row.phrase, row.number, row.tone_db) == (
        "@rex",
        "scam-pitch",
        PHRASE.text,
        False,
        None,
    )
    assert sure(row.on_stage_db) == pytest.approx(0, abs=1)
    assert sure(row.in_audience_db) < -35
    assert row.from_tick == pytest.approx(BEGIN + PHRASE.start * 50, abs=1)


def test_a_number_has_a_tone_in_its_place() -> None:
    toned = ear(MARA, without=[NUMBER], tone=True)
    (row,) = kept(CAST, IDS, [of_phrase("id-mara", NUMBER, number=True)], None, [toned])
    assert (row.number, row.on_stage_db) == (True, None)
    assert sure(row.tone_db) == pytest.approx(20 * np.log10(TONE_PEAK / 32_768 / np.sqrt(2)), abs=1)
    assert sure(row.in_audience_db) < -30
    (silent,) = kept(CAST, IDS, [of_phrase("id-mara", NUMBER, number=True)], None, [ear(MARA, without=[NUMBER])])
    assert sure(silent.tone_db) < -60


def test_what_one_listener_heard_after_all_is_the_level_that_is_told() -> None:
    (row,) = kept(CAST, IDS, [of_phrase("id-rex", PHRASE)], None, [ear(REX, without=[PHRASE]), ear(REX)])
    assert sure(row.in_audience_db) == pytest.approx(0, abs=1)


@pytest.mark.parametrize(
    "made",
    [
        [],
        [of_phrase("id-rex", PHRASE, state="withdrawn")],
        [of_phrase("id-rex", PHRASE, by=By(kind="rule", id="another"))],
        [of_phrase("id-mara", PHRASE)],
        [of_phrase("id-rex", PHRASE, missed_to=round(BEGIN + PHRASE.end * 50 - 10))],
    ],
    ids=["none", "withdrawn", "another rule's", "somebody else's", "mostly missed"],
)
def test_what_was_not_redacted_in_time_is_not_told_as_kept(made: list[Redaction]) -> None:
    assert kept(CAST, IDS, made, None, [ear(REX, without=[PHRASE])]) == []


def test_without_a_listener_who_found_the_voice_nothing_is_told() -> None:
    assert kept(CAST, IDS, [of_phrase("id-rex", PHRASE)], None, []) == []
    deaf = Ear(Heard(BEGIN, np.zeros(100 * TICK, np.float32)), {"rex": None})
    assert kept(CAST, IDS, [of_phrase("id-rex", PHRASE)], None, [deaf]) == []


def test_a_mute_takes_what_was_not_heard_with_it() -> None:
    tail = redaction("id-rex", 1500, 1700, "scam-pitch")
    phrase = redaction("id-rex", 1440, 1495, "scam-pitch")
    assert silent_from([phrase, tail], "id-rex", 1701) == 1440
    assert silent_from([tail], "id-rex", 1701) == 1500
    assert silent_from([replace(tail, missed_to=1520)], "id-rex", 1701) == 1521
    assert silent_from([redaction("id-rex", 1400, 1450, "scam-pitch"), tail], "id-rex", 1701) == 1500, "heard between"
    assert silent_from([replace(tail, state="withdrawn"), replace(tail, account_id="id-mara")], "id-rex", 1701) == 1701
