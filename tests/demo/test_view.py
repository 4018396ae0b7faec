"""What the demo draws: seats, partial captions, the audience, and the summary at the end."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace
from rich.console import Console, RenderableType

from spacesctl.client.room_view import Person
from spacesctl.demo.kept import DemoKept
from spacesctl.demo.report import DemoAct, DemoHeadline, DemoKicked, DemoListener, DemoMuted, DemoReport, DemoSpeaker
from spacesctl.demo.state import SILENCE, Seat
from spacesctl.demo.view import bar, summary
from spacesctl.probe.probe_listener import ProbeListener
from tests.demo.events import Followed, caption, closed, drawn, opened


def text_of(picture: RenderableType) -> str:
    out = io.StringIO()
    Console(file=out, width=160, height=40, force_terminal=False).print(picture)
    return out.getvalue()


SPEAKER = DemoSpeaker(
    handle="@rex", role="speaker", way="lanes", said_seconds=9.0, heard_seconds=8.25, first_tick=5.0, captions=[],
    reference="", reference_words=20, word_errors=2, word_error_rate=0.125,
)  # fmt: skip
ACT = DemoAct(
    rule="scam", action="mute", mode="enforce", handle="@rex", at_tick=9, phrase="crypto giveaway", phrase_end_tick=8.0,
    delay_to_act_ms=900,
)  # fmt: skip
MUTED = DemoMuted(
    handle="@rex", reason="", at_tick=9, lowest_likeness_before=0.9, highest_likeness_after=0.1,
    heard_after_mute_db=-61.4, seconds_sent_after=3.5,
)  # fmt: skip
KICKED = DemoKicked(handle="@rex", by="@acme", reason="", at_tick=9, tried_to_come_back="refused: barred")


WORD = DemoKept(
    handle="@rex", rule="scam", number=False, phrase="crypto giveaway", from_tick=5.0, to_tick=8.0, on_stage_db=0.4,
    in_audience_db=-43.2, tone_db=None,
)  # fmt: skip
NUMBER = replace(WORD, handle="@mara", number=True, on_stage_db=None, tone_db=-26.1)


def listener(likeness: dict[str, float | None]) -> DemoListener:
    return DemoListener(kind="lanes", account="@ada", seconds=9.0, lost=0, likeness=likeness, muted=None, ended=None)


RESULT = DemoReport(
    cast="cast_a", link="", seconds=9.0, model=None, speakers=[SPEAKER], acts=[ACT], reports=[], muted=MUTED,
    kicked=KICKED, delay=4.0, kept=[WORD, NUMBER],
    listeners=[listener({"@rex": 0.973}), listener({"@rex": None}), listener({})], loss=0.001,
    worst_tick_lateness_ms=4.5, engine={}, headline=DemoHeadline(word_to_act_ms=900, words_found=4, words_never_aired=4),
)  # fmt: skip


def test_the_summary_tells_the_main_figures_in_words() -> None:
    lines = [" ".join(line.split()) for line in text_of(summary(RESULT)).splitlines() if line.strip()]
    assert lines == [
        "SPEAKER WAY HEARD WORDS WORD ERRORS LIKENESS AT LISTENERS",
        "@rex lanes 8.2 s 20 12.5% 0.97, -, -",
        "rule scam: mute (enforce) @rex, 900 ms after the end of “crypto giveaway”",
        "@rex said “crypto giveaway”: 0 dB on the stage, at most -43 dB at those who listen, 4 s later",
        "@mara said a number: not measured on the stage, at most -43 dB at those who listen, 4 s later, with a tone of -26"
        " dBFS in its place",
        "@rex went on speaking for 3.5 s after the mute and was heard at most at -61 dB of the level before",
        "@acme removed @rex, who tried to come back: refused: barred",
        "0 dB is as loud as the speaker's other words",
        "from the end of a word to its act: 0.9 s; 4 of 4 words that rules found were never aired",
        "loss 0.001, worst tick lateness 4.5 ms; likeness 1 is the unchanged voice",
    ]


@pytest.mark.parametrize(
    ("other", "without"),
    [
        (replace(RESULT, muted=None), "went on speaking"),
        (replace(RESULT, muted=replace(MUTED, heard_after_mute_db=None)), "went on speaking"),
        (replace(RESULT, kicked=None), "tried to come back"),
        (replace(RESULT, acts=[replace(ACT, phrase=None, delay_to_act_ms=None)]), "after the end of"),
        (replace(RESULT, speakers=[replace(SPEAKER, word_error_rate=None)]), "12.5%"),
    ],
    ids=["nobody muted", "silent when muted", "nobody removed", "a phrase that was not found", "nothing said"],
)
def test_the_summary_leaves_out_what_did_not_happen(other: DemoReport, without: str) -> None:
    assert without in text_of(summary(RESULT))
    assert without not in text_of(summary(other))


@pytest.mark.parametrize(
    ("seat", "shown"),
    [
        (Seat(Person(id="2", handle="@rex", lane=2, active=True)), "speaking"),
        (Seat(Person(id="2", handle="@rex")), "microphone closed"),
        (Seat(Person(id="2", handle="@rex", lane=2, active=True, muted=True)), "muted, not heard"),
        (Seat(Person(id="2", handle="@rex", muted=True), removed=True), "removed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_seat_shows_the_gravest_of_its_conditions(state: Followed, seat: Seat, shown: str) -> None:
    state.seats = {"2": seat}
    row = next(line for line in drawn(state).splitlines() if "@rex" in line)
    conditions = ("speaking", "microphone closed", "muted, not heard", "removed")
    assert [one for one in conditions if one in row] == [shown]


def test_a_silent_open_microphone_has_no_condition(state: Followed) -> None:
    state.on_event(opened())
    row = next(line for line in drawn(state).splitlines() if "@rex" in line)
    assert row.rstrip("│ ").endswith("lanes")


def test_the_words_of_a_lane_that_closed_are_not_drawn_as_if_still_spoken(state: Followed) -> None:
    state.on_event(opened())
    state.on_event(caption("half a sent", final=False))
    assert "half a sent" in drawn(state)
    state.on_event(closed())
    assert "half a sent" not in drawn(state)


def test_listeners_the_time_and_how_it_ends_are_told(state: Followed) -> None:
    known = ProbeListener("webrtc", "@ben")
    known.decoded, known.lost = 150, 4
    state.listeners.append(known)
    assert "anonymous (lanes) 0 s, 0 lost   @ben (webrtc) 3 s, 4 lost" in drawn(state)
    assert "00:12 of 30 s" in drawn(state)
    assert "Ctrl-C" not in drawn(state)
    state.seconds, state.elapsed = None, 75.0
    assert "01:15" in drawn(state)
    assert "(Ctrl-C ends it)" in drawn(state)


def test_a_low_terminal_keeps_the_newest_of_everything(state: Followed) -> None:
    for number in range(9):
        state.on_event(caption(f"sentence {number}", start=number * 50))
        state.moderated(number * 50, "@rex", f"line {number}")
    picture = drawn(state, 12)
    assert "sentence 8" in picture
    assert "line 8" in picture
    assert "sentence 5" not in picture


def test_a_bar_is_bright_when_its_speaker_is_active() -> None:
    assert {str(span.style) for span in bar(-20, True).spans} | {str(bar(-20, True).style)} == {"green", "dim"}
    assert str(bar(-20, False).style) == "dim"
    assert bar(SILENCE, True).plain == bar(-60, True).plain
