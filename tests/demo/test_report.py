"""The report of a short demo: from what a listener decoded, what was captioned, and what a rule and the host did."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from bots import casts
from spacesctl.api.captions import CaptionsStatus, SpokenWord
from spacesctl.api.events import CaptionSpoken, Event
from spacesctl.api.wire import UNSET
from spacesctl.audio.opus import Decoder
from spacesctl.demo.kept import DemoKept
from spacesctl.demo.report import DemoAct, DemoKicked, DemoMuted, DemoReport, headline, report
from spacesctl.demo.script import Script, Turn, read
from spacesctl.demo.show import Performance, Said
from spacesctl.demo.stage import Stage
from spacesctl.demo.state import State
from spacesctl.probe.probe_listener import RATE, TICK, ProbeListener
from tests.demo.events import event, muted, removed, room, taken
from tests.typed import sure

CAST = casts.load("cast_a")
HOST, TROUBLE = CAST.host.handle, CAST.troublemaker.handle
IDS = {one.handle: f"id-{one.handle}" for one in CAST.people}
STAGE = Stage("http://x", room(), "http://x/s/s", HOST, IDS, {}, CaptionsStatus(ready=True, model="tiny"))
BEGIN = 500
"""The tick at which everybody begins to speak."""


def listener_of(script: Script | None, ticks: int, kind: str = "lanes") -> ProbeListener:
    """A listener that heard so many ticks of a script (None: nothing at all)."""
    made, decoder = ProbeListener(kind, None), Decoder(RATE)
    for tick in range(ticks if script is not None else 0):
        assert script is not None
        made.take(BEGIN + tick, decoder.decode(script.packet(tick)))
    return made


def reported(listeners: list[ProbeListener], said: dict[str, int], *events: Event, **changes: Any) -> DemoReport:
    """The report when these people said so many ticks of their script."""
    people = {one.handle: one for one in CAST.people}
    parts = {
        handle: Said(Turn(read(people[handle]), 0.0, None), "lanes", BEGIN, ticks) for handle, ticks in said.items()
    }
    state = State(STAGE.room, STAGE.link, HOST, "", {}, listeners=listeners)
    for number, one in enumerate(events, 1):
        state.on_event(replace(one, seq=number))
    return report(CAST, STAGE, state, Performance(said=parts, seconds=7.0, **changes))


def words(text: str, start: float) -> list[SpokenWord]:
    return [SpokenWord(w=word, start=start, end=start + 0.1, conf=1.0) for word in text.split()]


def test_a_voice_that_was_heard_and_captioned_is_counted_and_what_did_not_happen_is_left_out() -> None:
    script, sentence = read(CAST.host), CAST.host.sentences[0]
    heard = listener_of(script, 300)
    heard.lost = 3
    said = sentence.text.replace("welcome", "welcoming")
    caption = CaptionSpoken(account_id=IDS[HOST], lane=1, utterance=1, start_tick=BEGIN, end_tick=BEGIN + 50,
                            speaker=f"@{HOST}", text=said, words=words(said, BEGIN / 50 + 1))  # fmt: skip
    metrics = {"spacesctl_engine_ticks_skipped_total": 2.0}
    made = reported([heard], {HOST: 200}, event(caption, tick=BEGIN), metrics=metrics, worst_lateness_ms=3.5)
    (speaker,) = made.speakers
    assert speaker.reference == sentence.text
    assert (speaker.reference_words, speaker.word_errors) == (8, 1)
    assert speaker.word_error_rate == 0.125
    assert speaker.captions == [said]
    assert speaker.first_tick == pytest.approx(BEGIN, abs=0.2)
    assert (speaker.said_seconds, speaker.heard_seconds) == (4.0, 4.0)
    (listener,) = made.listeners
    assert (listener.kind, listener.account, listener.lost) == ("lanes", "anonymous", 3)
    assert sure(listener.likeness[f"@{HOST}"]) > 0.95
    assert listener.muted is None
    assert (made.muted, made.kicked, made.acts, made.reports) == (None, None, [], [])
    assert made.loss == round(3 / 303, 6)
    assert (made.model, made.worst_tick_lateness_ms) == ("tiny", 3.5)
    assert made.engine | {"ticks_skipped": 0} == dict.fromkeys(made.engine, 0)
    assert made.engine["ticks_skipped"] == 2


def test_where_nothing_was_heard_there_are_no_figures_but_what_was_done_is_told() -> None:
    made = reported(
        [listener_of(None, 0)],
        {TROUBLE: 50},
        event(taken(IDS[TROUBLE], rule="scam-pitch"), tick=600),
        event(taken("somebody else", rule="scam-pitch"), tick=610),
        muted(IDS[TROUBLE], "rule scam-pitch", 601),
        removed(IDS[TROUBLE], "enough", IDS[HOST], 700),
        came_back="refused: barred",
    )
    assert made.loss is None
    (speaker,) = made.speakers
    assert (speaker.first_tick, speaker.word_error_rate, speaker.reference_words) == (None, None, 0)
    assert [one.handle for one in made.acts] == [f"@{TROUBLE}", "@somebody else"]
    assert {one.delay_to_act_ms for one in made.acts} == {None}
    assert made.muted == DemoMuted(
        handle=f"@{TROUBLE}", reason="rule scam-pitch", at_tick=601, lowest_likeness_before=None,
        highest_likeness_after=None, heard_after_mute_db=None, seconds_sent_after=None,
    )  # fmt: skip
    assert made.kicked == DemoKicked(
        handle=f"@{TROUBLE}", by=f"@{HOST}", reason="enough", at_tick=700, tried_to_come_back="refused: barred"
    )


def test_an_act_is_timed_from_the_end_of_its_phrase_as_it_was_heard_and_a_mute_to_the_last_sound() -> None:
    phrase = CAST.troublemaker.phrases[0]
    end = BEGIN + round(phrase.end * 50)
    mute = end + 40
    script = read(CAST.troublemaker)
    heard = listener_of(script, mute - BEGIN + 3)
    for tick in range(mute + 3, mute + 150):
        heard.take(tick, np.zeros(TICK, np.int16))
    made = reported(
        [heard],
        {TROUBLE: mute - BEGIN + 150},
        event(taken(IDS[TROUBLE], rule=phrase.rule, start=end - 40, end=end), tick=mute),
        muted(IDS[TROUBLE], f"rule {phrase.rule}", mute),
    )
    (act,) = made.acts
    assert act.phrase == phrase.text
    assert act.phrase_end_tick == pytest.approx(end, abs=1)
    assert act.delay_to_act_ms == pytest.approx(800, abs=30)
    assert act.delay_to_last_sound_heard_ms is not UNSET
    assert act.delay_to_last_sound_heard_ms < 900 + 60
    (speaker,) = made.speakers
    assert speaker.heard_seconds == pytest.approx((mute - BEGIN) / 50, abs=0.1)
    assert speaker.said_seconds > speaker.heard_seconds + 2
    assert sure(sure(made.muted).lowest_likeness_before) > 0.9
    assert sure(sure(made.muted).highest_likeness_after) < 0.1
    assert sure(sure(made.muted).seconds_sent_after) > 2


@pytest.mark.parametrize(
    ("delays", "levels", "found"),
    [
        ([], [], (None, 0, 0)),
        ([900], [-43.0], (900, 2, 2)),
        ([900, None, 1500], [-43.0, -19.0, None], (1200, 6, 2)),
    ],
)
def test_the_headline_is_the_median_to_an_act_and_the_words_that_nobody_heard(
    delays: list[int | None], levels: list[float | None], found: tuple[int | None, int, int]
) -> None:
    acts = [
        DemoAct(
            rule="scam", action="mute", mode="enforce", handle="@rex", at_tick=9, phrase="crypto giveaway", phrase_end_tick=8.0,
            delay_to_act_ms=delay,
        )
        for delay in delays
    ]  # fmt: skip
    shadow = replace(acts[0], mode="shadow", delay_to_act_ms=10) if acts else None
    silent = [
        DemoKept(
            handle="@rex", rule="scam", number=False, phrase="crypto giveaway", from_tick=5.0, to_tick=8.0, on_stage_db=0.4,
            in_audience_db=level, tone_db=None,
        )
        for level in levels
    ]  # fmt: skip
    made = headline([*acts, *([shadow] if shadow is not None else [])], silent)
    assert (made.word_to_act_ms, made.words_found, made.words_never_aired) == found
