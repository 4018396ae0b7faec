"""Who appeals what, who decides, and what a grant takes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.appealed import Appealed
from spacesctl.domain.appeals import MOST_WAITING, WITHIN
from spacesctl.domain.decide import decide
from spacesctl.domain.errors import Invalid, NotAllowed, NotFound, NotSignedIn, Refused, SpacesError, TooMany
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.ladder import Points
from spacesctl.domain.sanction import Sanction
from spacesctl.domain.space import MAX_SPEAKERS, Member, Space
from spacesctl.domain.words import Role
from tests.domain.scenes import (
    AN_ADMIN,
    ANN,
    COHOST,
    HOST,
    NOBODY,
    NOW,
    SPACE_ID,
    SPEAKER,
    Refusal,
    by,
    events,
    full_stage,
    live,
    over,
    refusal,
    with_person,
)  # fmt: skip

ID = f"{SPACE_ID}-1"


def about(action: str = "mute", by_id: str | None = HOST, **changes: Any) -> Appealed:
    return replace(Appealed(ID, action, SPEAKER, by_id, NOW), **changes)


def appeal(**changes: Any) -> c.FileAppeal:
    return replace(c.FileAppeal(by(SPEAKER), "7", about()), **changes)


def decision(granted: bool = True, *, who: str = COHOST, **changes: Any) -> c.DecideAppeal:
    return replace(c.DecideAppeal(by(who), "7", about(), "open", granted, "so"), **changes)


def held(action: str, **changes: Any) -> Space:
    """The speaker is muted, demoted or kicked."""
    sanction = Sanction(ID, action, SPEAKER, {"kind": "person", "id": HOST}, "", NOW, evidence="k:mute")
    space = live(sanctions={ID: sanction}, **changes)
    if action == "mute":
        return with_person(space, SPEAKER, server_muted=True, mic_open=False)
    without = with_person(space, SPEAKER, role=Role.LISTENER, demoted=action == "demote", lane=None)
    return replace(without, barred={SPEAKER: ""}) if action == "kick" else without


@pytest.mark.parametrize("space", [live(), over()], ids=["live", "over"])
def test_the_target_appeals_also_after_the_end(space: Space) -> None:
    assert events(space, appeal()) == [e.AppealFiled("7", ID, "mute", SPEAKER)]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (appeal(by=NOBODY), Refusal(NotSignedIn, None, todo=True)),
        (appeal(by=by(ANN)), Refusal(NotFound)),
        (appeal(by=by(HOST)), Refusal(NotFound)),
        (appeal(state="open"), Refusal(Refused, "appealed")),
        (appeal(state="denied"), Refusal(Refused, "appealed")),
        (appeal(about=about(how="undone")), Refusal(Refused, "undone")),
        (appeal(about=about(since=NOW - WITHIN - timedelta(seconds=1))), Refusal(Refused, "too_late")),
        (appeal(waiting=MOST_WAITING), Refusal(TooMany)),
    ],
)
def test_nobody_else_appeals_nor_twice_nor_late(command: c.FileAppeal, expected: Refusal) -> None:
    assert refusal(live(), command) == expected


@pytest.mark.parametrize("how", ["expired", "ended", "replaced"])
def test_what_has_ended_can_be_appealed_to_the_last_moment(how: str) -> None:
    assert events(live(), appeal(about=about(how=how, since=NOW - WITHIN), waiting=MOST_WAITING - 1))


@pytest.mark.parametrize(
    ("action", "effect"),
    [
        ("mute", [e.ServerUnmuted(SPEAKER, "")]),
        ("kick", [e.Readmitted(SPEAKER)]),
        ("demote", [e.RoleChanged(SPEAKER, Role.SPEAKER)]),
        ("warn", []),
    ],
)
def test_a_grant_takes_back_what_it_did(action: str, effect: list[e.Event]) -> None:
    made = events(held(action), decision(about=about(action, act="k:mute")))
    decided = e.AppealDecided("7", ID, action, SPEAKER, True, "so", "k:mute")
    assert made == [decided, *effect, e.SanctionLifted(ID, action, SPEAKER, "undone", "so")]


def test_where_the_stage_is_full_a_demotion_ends_without_the_seat() -> None:
    full = full_stage(held("demote"), Role.SPEAKER, MAX_SPEAKERS)
    assert e.RoleChanged(SPEAKER, Role.LISTENER, demoted=False) in events(full, decision(about=about("demote")))


def test_points_come_back_also_of_a_sanction_that_has_ended() -> None:
    kept = Points("speech", SPEAKER, 1, "k:warn", NOW + timedelta(days=1))
    space = live(points=(Points("speech", SPEAKER, 2, "k:mute", NOW + timedelta(days=1)), kept))
    for granted, left in ((True, (kept,)), (False, space.points)):
        made = events(space, decision(granted, about=about(act="k:mute", how="expired")))
        after = evolve_all(space, made, NOW)
        assert after is not None
        assert after.points == left


@pytest.mark.parametrize(("state", "again"), [("open", True), ("upheld", True), ("dismissed", False)])
def test_a_grant_dismisses_the_report_that_led_to_it(state: str, again: bool) -> None:
    report = c.LinkedReport("9", ANN, SPEAKER, state, COHOST)
    made = events(live(), decision(report=report))
    told = [event for event in made if isinstance(event, e.ReportDecided)]
    assert told == [e.ReportDecided("9", "dismissed", ANN, "an appeal was granted", SPEAKER, COHOST)][: int(again)]
    assert not [one for one in events(live(), decision(False, report=report)) if isinstance(one, e.ReportDecided)]


@pytest.mark.parametrize(
    ("space", "command", "kind"),
    [
        (live(), decision(who=SPEAKER), NotAllowed),
        (live(), decision(who=ANN), NotAllowed),
        (over(), decision(who=COHOST), NotAllowed),
        (live(), decision(who=HOST), NotAllowed),
        (live(people={HOST: Member(HOST, Role.HOST)}), decision(who=HOST, operators=True), NotAllowed),
        (with_person(live(), SPEAKER, role=Role.COHOST), decision(who=SPEAKER), NotAllowed),
        (live(), decision(state="denied"), Refused),
        (live(), decision(state="granted"), Refused),
        (live(), decision(False, reason=" "), Invalid),
    ],
    ids=[
        "target", "listener", "co-host after the end", "imposer", "imposer beside an operator", "target on the staff", "denied", "granted",
        "no reason",
    ],
)  # fmt: skip
def test_who_may_not_decide_and_when(space: Space, command: c.DecideAppeal, kind: type[SpacesError]) -> None:
    with pytest.raises(kind):
        decide(space, command, NOW)


@pytest.mark.parametrize(
    ("space", "command"),
    [
        (live(people={HOST: Member(HOST, Role.HOST)}), decision(who=HOST)),
        (live(), decision(who=HOST, about=about(by_id=None))),
        (live(), replace(decision(), by=AN_ADMIN)),
        (over(), decision(who=HOST, about=about(by_id=COHOST))),
        (over(), decision(who=HOST)),
    ],
    ids=["alone", "a rule's", "an operator", "the host after the end", "the host's own after the end"],
)
def test_who_may(space: Space, command: c.DecideAppeal) -> None:
    assert isinstance(events(space, command)[0], e.AppealDecided)


@given(
    granted=st.booleans(),
    who=st.sampled_from([HOST, COHOST, SPEAKER, ANN]),
    imposed=st.sampled_from([HOST, COHOST, None]),
    state=st.sampled_from(["open", "granted", "denied"]),
    operators=st.booleans(),
)
def test_whoever_decides_is_never_the_target_nor_alone_in_having_imposed_it(
    granted: bool, who: str, imposed: str | None, state: str, operators: bool
) -> None:
    command = decision(granted, who=who, about=about(by_id=imposed), state=state, operators=operators)
    try:
        made = events(held("mute"), command)
    except SpacesError:
        return
    assert who not in (SPEAKER, ANN, imposed)
    assert state == "open"
    assert any(isinstance(one, e.SanctionLifted) for one in made) is granted
