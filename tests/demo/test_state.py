"""The state that the view draws, and the drawing."""

import pytest

from spacesctl.api.captions import SpokenWord
from spacesctl.api.events import CaptionSpoken, Level, Levels, Presence
from spacesctl.api.moderation_events import RulesSet
from spacesctl.api.people_events import RoleChanged
from spacesctl.demo.show import parse_metrics
from spacesctl.demo.state import SILENCE
from spacesctl.demo.view import bar
from spacesctl.domain.words import Role
from tests.demo.events import Followed, act, caption, closed, drawn, event, muted, opened, removed


def test_a_final_caption_replaces_its_partial(state: Followed) -> None:
    state.on_event(opened())
    state.on_event(caption("free cry", final=False))
    assert "free cry" in drawn(state)
    assert not state.captions
    state.on_event(caption("free crypto giveaway"))
    assert not state.partials
    assert "@rex       free crypto giveaway" in drawn(state)
    assert state.lines[-1] == "00:09  @rex: free crypto giveaway"


def test_an_act_is_told_with_the_words_that_the_rule_heard(state: Followed) -> None:
    words = [
        SpokenWord(w=w, start=s, end=e, conf=1.0)
        for w, s, e in (("free", 9.7, 9.98), ("crypto", 10.0, 10.5), ("giveaway", 10.5, 11.0))
    ]
    state.on_event(caption("free crypto giveaway", words=words))
    state.on_event(act())
    assert state.lines[-1] == "00:11  * rule scam heard “crypto giveaway”: @rex muted"
    state.on_event(act("report", "shadow"))
    assert "shadow mode" in state.lines[-1]


def test_a_mute_and_a_kick_show_at_the_seat(state: Followed) -> None:
    state.on_event(muted())
    assert "muted, not heard" in drawn(state)
    state.on_event(removed())
    assert "removed" in drawn(state)
    assert state.lines[-1] == "00:10  * @acme removed @rex: enough"


def test_a_level_rises_at_once_and_sinks_slowly(state: Followed) -> None:
    def level(db: int) -> float:
        state.on_event(event(Levels(tick=1, levels=[Level(lane=2, account_id="2", db=db, active=True)])))
        return state.seats["2"].level

    assert level(-20) == -20
    assert -60 < level(SILENCE) < -20
    assert level(-15) == -15


def test_only_durable_events_are_kept_and_unknown_ones_pass(state: Followed) -> None:
    rules = RulesSet(rules_hash="x", grant=None)
    state.on_event(event(Presence(participant_count=7)))
    state.on_event(event(rules, 2))
    assert state.room.participant_count == 7
    assert [one.data for one in state.events] == [rules]
    assert state.of_type(RulesSet) == [(500, rules)]
    assert state.of_type(CaptionSpoken) == []


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


def test_of_people_who_have_no_seat_only_what_is_moderated_is_told(state: Followed) -> None:
    before = drawn(state)
    for one in (
        event(Levels(tick=1, levels=[Level(lane=9, account_id="9", db=0, active=True)])),
        opened("9", 9),
        closed("9", 9),
        muted("9"),
    ):
        state.on_event(one)
    assert drawn(state) == before
    assert state.lines == []
    state.on_event(removed("9", reason=""))
    assert state.lines == ["00:10  * @acme removed 9"]


def test_a_lane_that_was_replaced_closes_nothing(state: Followed) -> None:
    for lane in (2, 3):
        state.on_event(opened(lane=lane))
    state.on_event(closed(lane=2))
    assert state.seats["2"].person.lane == 3
    state.on_event(closed(lane=3))
    assert "microphone closed" in drawn(state)


def test_an_act_without_captions_or_of_a_later_kind_is_told_plainly(state: Followed) -> None:
    state.on_event(act("applaud"))
    assert state.lines[-1] == "00:11  * rule scam: @rex applaud"


def test_another_partial_of_the_same_lane_replaces_the_one_before(state: Followed) -> None:
    state.on_event(opened())
    state.on_event(caption("one", final=False, start=100))
    state.on_event(caption("two", lane=5, account="1", final=False, start=150))
    state.on_event(caption("three", final=False, start=200))
    assert sorted(line.text for line in state.partials.values()) == ["three", "two"]


def test_who_was_removed_keeps_their_seat_and_role_whatever_is_told_of_them_later(state: Followed) -> None:
    demoted = event(RoleChanged(account_id="2", role=Role.LISTENER, demoted=True), 3)
    for one in (opened(), closed(), demoted, removed(), muted()):
        state.on_event(one)
    row = next(line for line in drawn(state).splitlines() if "@rex" in line)
    assert "speaker" in row
    assert "removed" in row
