"""One lane's recogniser: its messages, what it answers, and when an utterance ends."""

import socket
import threading
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.hearing.memory import Ceiling, private_bytes, resident_bytes
from bots.hearing.messages import (
    Armed,
    Beat,
    Close,
    Disarmed,
    Ended,
    Figures,
    Fork,
    Forked,
    FromModel,
    FromRecogniser,
    Kill,
    Lean,
    Open,
    Ready,
    Rules,
    Sound,
    Told,
    ToModel,
    ToRecogniser,
    Utterance,
)
from bots.hearing.recogniser import HeardWord, ScriptedRecogniser
from bots.hearing.recogniser_process import FIGURES_EVERY, RecogniserProcess, run
from spacesctl.audio.framing import FLAG_ACTIVE
from spacesctl.audio.ogg import SILENCE
from spacesctl.rules.rule_engine import Word
from spacesctl.rules.ruleset import Confidence, Pattern, Phrase, Rule
from spacesctl.support.messages import ProtocolError, Unpacker, pack
from tests.bots.voices import engine, frames_of

WORD = Word("hi", 0.1, 0.3, 0.9, 5, 14)
RULE = Rule(
    "insults",
    7,
    "enforce",
    literals=(Phrase("idiot", ("idiot",), 9),),
    patterns=(Pattern("lia[r]", 9),),
    confidence=Confidence(0.5, strict=True),
    actions=("redact",),
)
SAID = Utterance("s", 1, 77, "hi", (WORD,), True, 5, 14)
TO_RECOGNISER = [
    Open("s", 65534, 3, 4),
    Rules("s", (RULE,), (Phrase("idiot proof", ("idiot proof",), 9, forms=0, gap=1),)),
    Rules("s", ()),
    Lean(True),
    Close(),
    Sound(9, [(7, 1, b"a")]),
]
FROM_RECOGNISER = [
    Told(9, [SAID, Armed("s", 1, 77, "insults", 1, 5, 14, final=True), Disarmed("s", 1, 77, "insults", 1)], (5, 7)),
    Told(9, [], closed=True),
    Figures(1 << 33, 1.5, 1.25),
]


@pytest.mark.parametrize(
    ("kind", "messages"),
    [
        (ToRecogniser, TO_RECOGNISER),
        (FromRecogniser, FROM_RECOGNISER),
        (ToModel, [Fork(1), Kill(2)]),
        (FromModel, [Ready(), Beat(1 << 33), Forked(1, 77), Ended(1, -9)]),
    ],
)
def test_messages_survive_the_socket(kind: object, messages: list[object]) -> None:
    assert list(Unpacker[object](kind).feed(b"".join(map(pack, messages)))) == messages


@given(st.lists(st.integers(0, 99), max_size=5), st.lists(st.integers(1, 40), max_size=30))
def test_messages_may_come_in_any_pieces(lanes: list[int], cuts: list[int]) -> None:
    data = b"".join(pack(Open("space", lane)) for lane in lanes)
    found: list[object] = []
    unpacker, at = Unpacker[ToRecogniser](ToRecogniser), 0
    for cut in [*cuts, len(data)]:
        found += unpacker.feed(data[at : at + cut])
        at += cut
    assert found == [Open("space", lane) for lane in lanes]


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\0\0\0\1\xc1", pack(Ready()), b"\0\0\0\0"])
def test_nonsense_is_a_protocol_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(Unpacker(ToRecogniser).feed(data))


def scripted(*words: tuple[str, float, float]) -> ScriptedRecogniser:
    return ScriptedRecogniser([HeardWord(w, start, end, 1.0) for w, start, end in words], pause=60)


def recognising(*words: tuple[str, float, float], after: int = -1) -> RecogniserProcess:
    process = RecogniserProcess(scripted(*words))
    assert list(process.take(Open("s", 5, after))) == []
    return process


def sound(number: int, ticks: Iterable[int], flags: int = FLAG_ACTIVE) -> Sound:
    return Sound(number, [(tick, flags, SILENCE) for tick in ticks])


def told(process: RecogniserProcess, message: ToRecogniser) -> Told:
    (found,) = (each for each in process.take(message) if isinstance(each, Told))
    return found


def test_each_sound_is_answered_with_what_is_under_way() -> None:
    process = recognising(("one", 0.1, 0.2))
    assert told(process, sound(1, range(100, 105))) == Told(1, [], (100, 100))
    assert not process.silent
    last = told(process, sound(2, range(105, 135)))
    assert [each.text for each in last.heard if isinstance(each, Utterance)] == ["one"]
    final = told(process, sound(3, range(135, 155), flags=0))
    assert [each.final for each in final.heard if isinstance(each, Utterance)] == [True]
    assert final.under_way is None
    assert process.silent


def test_the_last_words_are_told_when_the_lane_is_closed() -> None:
    process = recognising(("one", 0.1, 0.2))
    told(process, sound(1, range(20)))
    figures, closed = process.take(Close())
    assert isinstance(figures, Figures)
    assert isinstance(closed, Told)
    assert closed.closed
    assert [each.text for each in closed.heard if isinstance(each, Utterance)] == ["one"]


def test_utterances_have_numbers_above_those_before() -> None:
    process = recognising(("one", 0.1, 0.2), after=500)
    assert told(process, sound(1, range(100, 130))).under_way == (100, 501)


def test_who_takes_over_after_a_cut_hears_the_words_before_it_and_does_not_tell_them_again() -> None:
    process = recognising(("before", 0.1, 0.3), ("after", 0.8, 1.0), after=130 - 1)
    told(process, sound(1, range(100, 170)))
    (final,) = told(process, sound(2, range(170, 190), flags=0)).heard
    assert isinstance(final, Utterance)
    assert (final.utterance, final.text) == (130, "after")


def test_partial_results_are_kept_back_when_there_is_no_time_and_what_is_redacted_is_not() -> None:
    process = recognising(("idiot", 0.1, 0.2))
    for message in (Lean(True), Rules("s", (RULE,))):
        assert list(process.take(message)) == []
    heard = told(process, sound(1, range(30))).heard
    assert [type(each) for each in heard] == [Armed]
    list(process.take(Lean(False)))
    assert process.take(sound(2, range(30, 50)))


def test_rules_hold_whether_they_come_before_the_lane_or_after_it() -> None:
    early = RecogniserProcess(scripted(("idiot", 0.1, 0.2)))
    for message in (Rules("s", (RULE,)), Open("s", 1)):
        assert list(early.take(message)) == []
    assert any(isinstance(each, Armed) for each in told(early, sound(1, range(30))).heard)
    late = recognising(("idiot", 0.1, 0.2))
    list(late.take(Rules("s", ())))
    assert not any(isinstance(each, Armed) for each in told(late, sound(1, range(30))).heard)


def test_figures_come_now_and_then() -> None:
    process = recognising()
    answers = [each for n in range(FIGURES_EVERY) for each in process.take(sound(n, [n], flags=0))]
    (figures,) = (each for each in answers if isinstance(each, Figures))
    assert figures.private > 1 << 20
    assert figures.cpu > figures.engine >= 0


def test_figures_go_before_an_utterance_that_has_ended_for_there_a_lane_can_move() -> None:
    process = recognising(("one", 0.1, 0.2))
    assert [type(each) for each in process.take(sound(1, range(35)))] == [Told]
    figures, ended = process.take(sound(2, range(35, 60), flags=0))
    assert isinstance(figures, Figures)
    assert isinstance(ended, Told)
    assert [each.final for each in ended.heard if isinstance(each, Utterance)] == [True]


@pytest.mark.parametrize(
    ("private", "again", "reached"),
    [(99, 0, False), (100, 126, False), (100, 125, True), (100, 0, True), (149, 126, False), (150, 400, True)],
)
def test_the_ceiling_waits_until_little_is_to_be_heard_again_but_not_for_ever(
    private: int, again: int, reached: bool
) -> None:
    assert Ceiling(most=100).is_reached(private, again) is reached


def test_private_memory_is_asked_for_again_when_the_process_has_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    from bots.hearing import memory

    now, asked = [100 << 20, 30 << 20], list[int]()
    monkeypatch.setattr(memory, "resident_bytes", lambda: now[0])

    def private_bytes() -> int:
        asked.append(now[1])
        return now[1]

    monkeypatch.setattr(memory, "private_bytes", private_bytes)
    private, seen = memory.PrivateMemory(), []
    for resident, own in ((100, 30), (103, 31), (107, 36), (108, 40), (100, 31)):
        now[:] = [resident << 20, own << 20]
        seen.append(private.look() >> 20)
    assert seen == [30, 33, 37, 40, 31]
    assert len(asked) == 3


def test_memory_is_known_where_the_system_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    assert resident_bytes() > private_bytes() > 1 << 20
    for text in ("", "7", "7 many", "Private_Dirty: many kB"):
        monkeypatch.setattr(Path, "read_text", lambda _, text=text: text)
        assert resident_bytes() == private_bytes() == 0


def test_an_utterance_ends_when_its_lane_stops_sending_and_the_process_ends_with_its_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bots.hearing.recogniser_process.IDLE_SECONDS", 0.1)
    ours, theirs = socket.socketpair()
    codes: list[int] = []
    with ours, theirs:
        serving = threading.Thread(target=lambda: codes.append(run(scripted(("one", 0.1, 0.2)), theirs)))
        serving.start()
        ours.sendall(pack(Open("s", 1)) + pack(sound(1, range(20))))
        unpacker, found = Unpacker[FromRecogniser](FromRecogniser), list[FromRecogniser]()
        while len(found) < 3:
            found += unpacker.feed(ours.recv(1 << 16))
        ours.shutdown(socket.SHUT_RDWR)
        serving.join(5)
    assert codes == [0]
    first, figures, last = found
    assert isinstance(first, Told)
    assert first.under_way is not None
    assert isinstance(figures, Figures)
    assert isinstance(last, Told)
    assert last.under_way is None
    assert [each.text for each in last.heard if isinstance(each, Utterance)] == ["one"]


def test_hearing_a_lot_takes_no_more_memory() -> None:
    clip = frames_of("cast_a", "rex")
    recogniser = engine()()
    sizes = []
    for round_ in range(6):
        process = RecogniserProcess(recogniser)
        list(process.take(Open("s", round_)))
        list(process.take(Sound(1, [(tick, *frame) for tick, frame in enumerate(clip, round_ * 2000)])))
        list(process.take(Close()))
        recogniser.begin()
        sizes.append(resident_bytes())
    assert sizes[-1] - sizes[2] < 16 << 20


def test_a_recogniser_that_begins_anew_counts_from_there_and_hears_the_same() -> None:
    clip = frames_of("cast_b", "ines")  # the whole of it: at a word that is cut in two the past may tell
    used, results = engine()(), []
    for fresh in (engine()(), used, used):
        fresh.begin()
        process = RecogniserProcess(fresh)
        list(process.take(Open("s", 1)))
        list(process.take(Sound(1, [(tick, *frame) for tick, frame in enumerate(clip)])))
        (closed,) = (each for each in process.take(Close()) if isinstance(each, Told))
        results.append(closed.heard)
    ticks = [
        [(each.text, each.start_tick) for each in heard if isinstance(each, Utterance) and each.final]
        for heard in results
    ]
    assert ticks[0] == ticks[1] == ticks[2]
