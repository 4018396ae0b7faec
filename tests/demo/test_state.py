"""The state that the view draws, and the drawing."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console

from spacesctl.demo.show import parse_metrics
from spacesctl.demo.state import SILENCE, Seat, State
from spacesctl.demo.view import bar, render
from spacesctl.probe.probe_listener import ProbeListener


class Followed(State):
    """A run, and what was said of it."""

    lines: list[str]


@pytest.fixture
def state() -> Followed:
    lines: list[str] = []
    made = Followed(
        "Acme hour", "http://127.0.0.1:1/s/x", "acme", "a notice",
        {"1": Seat("acme", "Acme", "host", "lanes"), "2": Seat("rex", "Rex", "speaker", "lanes")},
        say=lines.append, seconds=30.0, elapsed=12.0,
    )  # fmt: skip
    made.listeners.append(ProbeListener("lanes", None))
    made.lines = lines
    return made


def event(kind: str, seq: int | None = None, tick: int = 500, **data: Any) -> dict[str, Any]:
    return {"type": kind, "tick": tick, "data": data} | ({"seq": seq, "id": str(seq)} if seq else {})


def caption(
    text: str,
    lane: int = 2,
    account: str = "2",
    start: int = 480,
    final: bool = True,
    words: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    data: dict[str, Any] = {
        "account_id": account,
        "speaker": "@rex",
        "lane": lane,
        "utterance": start,
        "text": text,
        "words": words,
    }
    return event("caption" if final else "caption.partial", 7 if final else None, start_tick=start, **data)


def act(action: str = "mute", mode: str = "enforce") -> dict[str, Any]:
    data: dict[str, Any] = {
        "rule_id": "scam",
        "mode": mode,
        "action": action,
        "account_id": "2",
        "lane": 2,
        "start_tick": 500,
        "end_tick": 549,
    }
    return event("act.taken", 9, 580, **data)


def drawn(state: State, height: int = 24, width: int = 80) -> str:
    picture = io.StringIO()
    Console(file=picture, width=width, height=height, force_terminal=False).print(render(state, height))
    return picture.getvalue()


def test_a_final_caption_replaces_its_partial(state: Followed) -> None:
    state.on_event(event("lane.opened", 1, account_id="2", lane=2))
    state.on_event(caption("free cry", final=False))
    assert "free cry" in drawn(state)
    assert not state.captions
    state.on_event(caption("free crypto giveaway"))
    assert not state.partials
    assert "@rex       free crypto giveaway" in drawn(state)
    assert state.lines[-1] == "00:09  @rex: free crypto giveaway"


def test_an_act_is_told_with_the_words_that_the_rule_heard(state: Followed) -> None:
    words = [
        {"w": w, "start": s, "end": e}
        for w, s, e in (("free", 9.7, 9.98), ("crypto", 10.0, 10.5), ("giveaway", 10.5, 11.0))
    ]
    state.on_event(caption("free crypto giveaway", words=words))
    state.on_event(act())
    assert state.lines[-1] == "00:11  * rule scam heard “crypto giveaway”: @rex muted"
    state.on_event(act("report", "shadow"))
    assert "shadow mode" in state.lines[-1]


def test_a_mute_and_a_kick_show_at_the_seat(state: Followed) -> None:
    state.on_event(event("person.muted", 3, account_id="2", by="9", reason="rule scam"))
    assert "muted, not heard" in drawn(state)
    state.on_event(event("person.removed", 4, account_id="2", by="1", reason="enough", barred=True))
    assert "removed" in drawn(state)
    assert state.lines[-1] == "00:10  * @acme removed @rex: enough"


def test_a_level_rises_at_once_and_sinks_slowly(state: Followed) -> None:
    def level(db: int) -> float:
        state.on_event(event("levels", tick=1, levels=[{"lane": 2, "account_id": "2", "db": db, "active": True}]))
        return state.seats["2"].level

    assert level(-20) == -20
    assert -60 < level(SILENCE) < -20
    assert level(-15) == -15


def test_only_durable_events_are_kept_and_unknown_ones_pass(state: Followed) -> None:
    state.on_event(event("presence", participant_count=7))
    state.on_event(event("rules.set", 2, rules_hash="x"))
    assert state.people == 7
    assert [one["type"] for one in state.events] == ["rules.set"]
    assert state.of_type("caption") == []


@pytest.mark.parametrize("height", [16, 24, 50])
def test_the_picture_fits_the_terminal(state: Followed, height: int) -> None:
    for number in range(60):
        state.on_event(caption(f"sentence number {number} " * 8, start=number * 50))
        state.on_event(act())
    picture = drawn(state, height)
    assert picture.count("\n") < height
    assert "sentence number 59" in picture
    assert state.link in picture


def test_a_bar_has_always_the_same_length() -> None:
    assert [len(bar(level, True, 10).plain) for level in (SILENCE, -60, -30, 0)] == [10] * 4
    assert bar(0, True, 10).plain == "━" * 10
    assert bar(SILENCE, False, 10).plain == "╌" * 10


def test_metrics_are_read_by_name() -> None:
    assert parse_metrics('# TYPE a gauge\na 1.5\nb{kind="x"} 2\n') == {"a": 1.5, 'b{kind="x"}': 2.0}
