"""The recogniser worker: its messages, its memory ceiling, and the process itself."""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots import models
from bots.hearing.messages import (
    Armed,
    Beat,
    Close,
    Disarmed,
    Frames,
    FromWorker,
    Heard,
    Open,
    Ready,
    Rules,
    ToWorker,
    Utterance,
)
from bots.hearing.recogniser import HeardWord, ScriptedRecogniser
from bots.hearing.worker import (
    EXIT_BROKEN,
    EXIT_MEMORY,
    EXIT_MODEL,
    IDLE_SECONDS,
    MAX_LANES,
    Ceiling,
    LaneRecognisers,
    resident_bytes,
    run,
)
from spacesctl.audio.framing import FLAG_ACTIVE
from spacesctl.audio.ogg import SILENCE
from spacesctl.rules.rule_engine import Word
from spacesctl.rules.ruleset import Confidence, Pattern, Phrase, Rule
from spacesctl.support.messages import ProtocolError, Unpacker, pack
from tests.bots.voices import frames_of, only_utterances, text_of

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


@pytest.mark.parametrize(
    "message",
    [
        Open("s", 1),
        Close("s", 65534),
        Frames("s", 1 << 40, [(1, 1, b"abc"), (2, 3, b"")]),
        Ready(),
        Beat(1 << 33),
        Utterance("s", 1, 77, "hi", (WORD,), True, 5, 14),
        Rules("s", (RULE,)),
        Rules("s", ()),
        Armed("s", 1, 77, "insults", 1, 5, 14, final=True),
        Disarmed("s", 1, 77, "insults", 1),
    ],
)
def test_messages_survive_the_pipe(message: ToWorker | FromWorker) -> None:
    kind = ToWorker if isinstance(message, Open | Close | Frames | Rules) else FromWorker
    assert list(Unpacker(kind).feed(pack(message))) == [message]


@given(st.lists(st.integers(0, 99), max_size=5), st.lists(st.integers(1, 40), max_size=30))
def test_messages_may_come_in_any_pieces(lanes: list[int], cuts: list[int]) -> None:
    data = b"".join(pack(Open("space", lane)) for lane in lanes)
    found: list[object] = []
    unpacker, at = Unpacker[ToWorker](ToWorker), 0
    for cut in [*cuts, len(data)]:
        found += unpacker.feed(data[at : at + cut])
        at += cut
    assert found == [Open("space", lane) for lane in lanes]


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\0\0\0\1\xc1", pack(Ready()), b"\0\0\0\0"])
def test_nonsense_is_a_protocol_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(Unpacker(ToWorker).feed(data))


def scripted(*words: tuple[str, float, float]) -> LaneRecognisers:
    return LaneRecognisers(
        lambda: ScriptedRecogniser([HeardWord(w, start, end, 1.0) for w, start, end in words], pause=60)
    )


def spoken(hearing: LaneRecognisers, lane: int, ticks: range, now: float = 0.0) -> list[Utterance]:
    return drain(
        each for tick in ticks for each in hearing.take(Frames("s", tick, [(lane, FLAG_ACTIVE, SILENCE)]), now)
    )


def drain(messages: Iterable[Heard]) -> list[Utterance]:
    return only_utterances(messages)


def test_lanes_hear_apart_and_end_when_closed() -> None:
    hearing = scripted(("one", 0.1, 0.2))
    for lane in (1, 2):
        drain(hearing.take(Open("s", lane), 0))
    spoken(hearing, 1, range(20))
    assert not hearing.silent
    (final,) = drain(hearing.take(Close("s", 1), 0))
    assert (final.lane, final.text, final.final) == (1, "one", True)
    assert hearing.silent
    late = spoken(hearing, 1, range(20, 40))  # type: ignore[unreachable]  # it takes the property for a constant
    assert late == [], "frames of a closed lane are late, not an error"


def test_an_utterance_ends_when_a_lane_stops_sending() -> None:
    hearing = scripted(("one", 0.1, 0.2))
    drain(hearing.take(Open("s", 1), 0))
    spoken(hearing, 1, range(20), now=5.0)
    assert drain(hearing.idle(5.0 + IDLE_SECONDS / 2)) == []
    assert [each.text for each in drain(hearing.idle(5.0 + IDLE_SECONDS)) if each.final] == ["one"]
    assert hearing.silent


def test_lanes_are_bounded() -> None:
    hearing = scripted()
    for lane in range(MAX_LANES + 10):
        drain(hearing.take(Open("s", lane), 0))
    assert len(hearing._lanes) == MAX_LANES


@pytest.mark.parametrize(
    ("grown", "silent", "reached"),
    [(99, True, False), (100, False, False), (100, True, True), (149, False, False), (150, False, True)],
)
def test_the_ceiling_waits_for_silence_but_not_for_ever(grown: int, silent: bool, reached: bool) -> None:
    assert Ceiling(loaded=1000, growth=100).is_reached(1000 + grown, silent) is reached


def test_resident_memory_is_known_where_the_system_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resident_bytes() > 1 << 20
    for told in ("", "7", "7 many"):
        monkeypatch.setattr(Path, "read_text", lambda _, told=told: told)
        assert resident_bytes() == 0


def test_a_worker_at_its_ceiling_ends_also_while_audio_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bots.hearing.worker.BEAT_SECONDS", 0.0)
    down, up = os.pipe(), os.pipe()
    try:
        os.write(down[1], b"".join(map(pack, [Open("s", 1), *(Frames("s", tick, []) for tick in range(9))])))
        make = partial(ScriptedRecogniser, [HeardWord("one", 0.1, 0.2, 1.0)], pause=60)
        assert run(lambda: make, down[0], up[1], growth=-1) == EXIT_MEMORY
        told = Unpacker[FromWorker](FromWorker).feed(os.read(up[0], 65536))
        assert {Ready} <= {type(each) for each in told} <= {Ready, Beat}, "it ended before it had heard all"
    finally:
        for fd in (*down, *up):
            os.close(fd)


def test_a_worker_that_ended_writes_nothing_any_more() -> None:
    down, up = os.pipe(), os.pipe()
    os.close(down[1])
    make = partial(ScriptedRecogniser, [], pause=60)
    assert run(lambda: make, down[0], up[1], growth=1 << 40) == 0
    assert not [one for one in threading.enumerate() if one.name == "heartbeat"], (
        "what it wrote to may be another file soon"
    )
    for fd in (down[0], *up):
        os.close(fd)


def test_a_lane_that_stops_sending_ends_its_utterance_while_another_goes_on_talking() -> None:
    down, up = os.pipe(), os.pipe()
    make = partial(ScriptedRecogniser, [HeardWord("one", 0.1, 0.2, 1.0)], pause=60)
    served = threading.Thread(target=run, args=(lambda: make, down[0], up[1], 1 << 40))
    served.start()
    for lane in (1, 2):
        os.write(down[1], pack(Open("s", lane)))
    unpacker, finals, ended_at = Unpacker[FromWorker](FromWorker), [], None
    for tick in range(200):
        talking = [(2, FLAG_ACTIVE, SILENCE)] if tick >= 20 else [(lane, FLAG_ACTIVE, SILENCE) for lane in (1, 2)]
        os.write(down[1], pack(Frames("s", tick, talking)))
        time.sleep(0.02)
        while select.select([up[0]], [], [], 0)[0]:
            finals += [
                each for each in unpacker.feed(os.read(up[0], 65536)) if isinstance(each, Utterance) and each.final
            ]
        if finals:
            ended_at = tick
            break
    os.close(down[1])
    served.join(5)
    for fd in (down[0], *up):
        os.close(fd)
    assert [each.lane for each in finals] == [1]
    assert ended_at is not None


def worker(*options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "bots.hearing", "--model", str(models.SHIPPED), *options]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONWARNINGS": ""}
    )


def test_the_process_recognises_speech_and_ends_when_its_stdin_does() -> None:
    clip = frames_of("cast_b", "ines")
    messages: list[ToWorker] = [
        Open("s", 3),
        *(Frames("s", tick, [(3, *frame)]) for tick, frame in enumerate(clip)),
        Close("s", 3),
    ]
    with worker() as process:
        out, _ = process.communicate(b"".join(map(pack, messages)), timeout=15)
    assert process.returncode == 0
    rest = list(Unpacker[FromWorker](FromWorker).feed(out))
    assert next(type(each) for each in rest if not isinstance(each, Beat)) is Ready
    assert text_of([each for each in rest if isinstance(each, Utterance)]).startswith(
        "good morning i am ready to start"
    )


def test_the_process_ends_at_its_memory_ceiling() -> None:
    with worker("--growth-mib", "-100") as process:
        assert process.wait(timeout=15) == EXIT_MEMORY


def test_the_process_says_when_its_model_does_not_load(tmp_path: Path) -> None:
    with worker("--model", str(tmp_path)) as process:
        assert process.wait(timeout=15) == EXIT_MODEL


def test_the_process_refuses_nonsense() -> None:
    with worker() as process:
        process.communicate(b"GET / HTTP/1.1\r\n\r\n", timeout=15)
    assert process.returncode == EXIT_BROKEN


def test_hearing_a_lot_takes_no_more_memory() -> None:
    from tests.bots.voices import engine

    hearing = LaneRecognisers(engine())
    clip = frames_of("cast_a", "rex")
    sizes = []
    for round_ in range(6):
        drain(hearing.take(Open("s", round_), 0))
        for tick, frame in enumerate(clip, round_ * 2000):
            drain(hearing.take(Frames("s", tick, [(round_, *frame)]), 0))
        drain(hearing.take(Close("s", round_), 0))
        sizes.append(resident_bytes())
    assert sizes[-1] - sizes[2] < 16 << 20


def test_rules_reach_the_lanes_of_their_space_and_no_other() -> None:
    hearing = scripted(("idiot", 0.1, 0.2))
    list(hearing.take(Open("s", 1), 0))
    for message in (Rules("s", (RULE,)), Open("s", 2), Open("t", 1)):
        list(hearing.take(message, 0))
    found = [
        each
        for tick in range(20)
        for space, lanes in (("s", (1, 2)), ("t", (1,)))
        for each in hearing.take(Frames(space, tick, [(lane, FLAG_ACTIVE, SILENCE) for lane in lanes]), 0)
    ]
    assert [(each.space, each.lane) for each in found if isinstance(each, Armed)] == [("s", 1), ("s", 2)]
    list(hearing.take(Rules("s", ()), 0))
    list(hearing.take(Open("s", 3), 0))
    assert not [each for each in hearing.take(Close("s", 1), 0) if isinstance(each, Armed)]
    assert not [
        each
        for tick in range(20)
        for each in hearing.take(Frames("s", tick, [(3, FLAG_ACTIVE, SILENCE)]), 0)
        if isinstance(each, Armed)
    ]
