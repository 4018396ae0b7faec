"""What one request asks for is decided together, and what is decided on reports and series."""

from __future__ import annotations

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.decide import decide_all
from spacesctl.domain.errors import Invalid, NotAllowed
from spacesctl.domain.series import SeriesState, deleted
from spacesctl.domain.space import Space
from spacesctl.domain.words import Policy, State
from tests.domain.scenes import ANN, COHOST, HOST, NOW, SPACE_ID, Refusal, by, events, live, named, over, refusal
from tests.domain.test_series import daily


def test_commands_are_decided_one_after_the_other_on_what_those_before_left() -> None:
    made, after = decide_all(None, [c.Create(by(HOST), SPACE_ID, "T"), c.Start(by(HOST))], NOW)
    assert [type(event) for event in made] == [e.SpaceCreated, e.SpaceStarted]
    assert (after.state, after.seq, after.started_at, after.updated_at) == (State.LIVE, 2, NOW, NOW)
    made, after = decide_all(live(), [c.RaiseHand(by(ANN)), c.AnswerHand(by(COHOST), named(ANN), approve=True)], NOW)
    assert [event.type for event in made] == ["hand.raised", "hand.lowered", "role.changed"]
    assert after.role_of(ANN).value == "speaker"


def test_one_refusal_refuses_all() -> None:
    space: Space = live()
    with pytest.raises(NotAllowed) as caught:
        decide_all(space, [c.ChangePolicy(by(COHOST), Policy.EVERYONE), c.SwitchCaptions(by(COHOST), False)], NOW)
    assert caught.value.reason == "captions"


def test_nothing_is_asked_of_a_space_that_is_not_there() -> None:
    with pytest.raises(TypeError, match="the first command of a Space is Create"):
        decide_all(None, [], NOW)


@pytest.mark.parametrize("state", ["upheld", "dismissed"])
def test_a_report_is_decided_by_staff_also_after_the_end(state: str) -> None:
    decision = c.DecideReport(by(HOST), "7", state, ANN, "thank you")
    expected = [e.ReportDecided("7", state, ANN, "thank you")]
    assert events(live(), decision) == events(over(), decision) == expected
    assert events(live(), c.DecideReport(by(HOST), "7", "open", ANN, before=state)) == [
        e.ReportDecided("7", "open", ANN)
    ]
    assert events(live(), c.DecideReport(by(HOST), "7", state, ANN, before=state)) == [], "decided so already"


def test_nobody_decides_on_a_report_about_themselves_and_only_staff_on_others() -> None:
    own = c.DecideReport(by(COHOST), "7", "dismissed", ANN, target_id=COHOST)
    assert refusal(live(), own) == Refusal(NotAllowed, "decide_report")
    assert refusal(live(), c.DecideReport(by(ANN), "7", "upheld", ANN)) == Refusal(NotAllowed, "decide_report")
    with pytest.raises(NotAllowed, match="you cannot decide on a report about yourself"):
        events(live(), own)


def test_a_report_has_three_states() -> None:
    with pytest.raises(Invalid) as caught:
        events(live(), c.DecideReport(by(HOST), "7", "maybe", ANN))
    assert (caught.value.field, caught.value.message) == ("state", "state: is one of open, upheld, dismissed")


def test_a_deleted_series_plans_nothing() -> None:
    gone = deleted(daily(planned=NOW, space_id=SPACE_ID))
    assert (gone.state, gone.planned, gone.space_id) == (SeriesState.DELETED, None, None)
