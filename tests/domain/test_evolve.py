"""The Space after each event: what it changes, and that it changes nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from spacesctl.domain import events as e
from spacesctl.domain.evolve import evolve, evolve_all
from spacesctl.domain.space import Grant, Invite, Member, Pin, Recording, Space
from spacesctl.domain.words import InviteState, ListenerPolicy, Policy, RecordingMode, Role, State
from tests.domain.scenes import ANN, BEN, BOT, COHOST, HOST, NOW, SPACE_ID, SPEAKER, live, raised, with_person

LATER = NOW + timedelta(seconds=3)
PIN, OTHER_PIN = Pin("1", "link", "https://example.org/", "T", ANN, 0), Pin("2", "post", "77", "", ANN, 0)
RUNNING = Recording("r1", RecordingMode.MIX, NOW)
GRANT = Grant(BOT, HOST, frozenset({"log"}))
ASKED = Invite(ANN, Role.SPEAKER, InviteState.PENDING, HOST)
BENS = Invite(BEN, Role.SPEAKER, InviteState.PENDING, HOST)


def test_the_first_event_makes_the_space_with_its_host() -> None:
    created = e.SpaceCreated(
        SPACE_ID, "T", HOST, NOW, Policy.FOLLOWING, ListenerPolicy.ACCOUNTS, False, ("a",), "it", LATER, 60, "S" * 13, RecordingMode.MIX,
    )  # fmt: skip
    assert evolve(None, created, LATER) == Space(
        id=SPACE_ID,
        title="T",
        state=State.SCHEDULED,
        creator_id=HOST,
        host_id=HOST,
        created_at=NOW,
        updated_at=NOW,
        policy=Policy.FOLLOWING,
        listeners=ListenerPolicy.ACCOUNTS,
        captions=False,
        topics=("a",),
        lang="it",
        scheduled_start=LATER,
        duration=60,
        series_id="S" * 13,
        recording_mode=RecordingMode.MIX,
        seq=1,
        people={HOST: Member(HOST, Role.HOST)},
    )


def test_no_other_event_makes_one() -> None:
    with pytest.raises(TypeError, match="SpaceCreated"):
        evolve(None, e.SpaceStarted(NOW), NOW)


def test_several_events_are_applied_in_order() -> None:
    told = [e.HandRaised(ANN), e.HandRaised(BEN), e.HandLowered(ANN, "denied")]
    after = evolve_all(live(), told, LATER)
    assert after is not None
    assert (after.hands, after.seq, after.updated_at) == (raised(BEN), 13, LATER)
    assert evolve_all(None, [], NOW) is None


BEFORE = live(
    hands=raised(BEN),
    pinned=(PIN,),
    invites={BEN: BENS},
    reminded=("soon",),
    consents=frozenset({HOST}),
    barred={BEN: "noise"},
    rules_hash="0" * 64,
    grant=GRANT,
    recording_count=1,
)


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (e.SpaceStarted(LATER), {"state": State.LIVE, "started_at": LATER}),
        (e.SpaceEnded(LATER), {"state": State.ENDED, "ended_at": LATER, "hands": {}}),
        (e.RemindersSent("start"), {"reminded": ("soon", "start")}),
        (e.PolicyChanged(Policy.EVERYONE), {"policy": Policy.EVERYONE}),
        (e.CaptionsSwitched(False), {"captions": False}),
        (e.RulesSet("1" * 64, None), {"rules_hash": "1" * 64, "grant": None}),
        (e.Invited(ASKED), {"invites": {BEN: BENS, ANN: ASKED}}),
        (
            e.InviteAnswered(BEN, InviteState.ACCEPTED),
            {"invites": {BEN: replace(BENS, state=InviteState.ACCEPTED)}},
        ),
        (e.HandRaised(ANN), {"hands": raised(BEN, ANN)}),
        (e.HandLowered(BEN, "denied"), {"hands": {}}),
        (e.HandLowered(ANN, "denied"), {}),
        (e.Pinned(OTHER_PIN), {"pinned": (OTHER_PIN, PIN)}),
        (e.Pinned(replace(PIN, id="9", title="New")), {"pinned": (replace(PIN, id="9", title="New"),)}),
        (e.Unpinned("1"), {"pinned": ()}),
        (e.Unpinned("2"), {}),
        (e.RecordingStarted(RUNNING), {"recording": RUNNING, "recording_count": 2}),
        (e.RecordingStopped("r1", "stopped", LATER), {"recording": None}),
        (e.Consented(ANN), {"consents": frozenset({HOST, ANN})}),
        (e.Removed(ANN, HOST, "spam", True), {"barred": {BEN: "noise", ANN: "spam"}}),
        (e.Removed(ANN, HOST, "", False), {}),
        (
            e.Removed(BEN, HOST, "", False),
            {"invites": {BEN: replace(BENS, state=InviteState.REVOKED)}},
        ),
        (e.CaptionSpoken(SPEAKER, "@s", 1, 1, "x", 0, 1, ()), {"captioned": {1: 1}}),
        (e.ReportFiled("1", "spam", None), {}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, e.Event) else None,
)
def test_an_event_changes_this_and_nothing_else(event: e.Event, changes: dict[str, Any]) -> None:
    assert evolve(BEFORE, event, LATER) == replace(BEFORE, **{"seq": 11, "updated_at": LATER, **changes})


EDIT = e.SpaceEdited("New", ("b",), "it", ListenerPolicy.ACCOUNTS, LATER, 90)
EDITED = {
    "title": "New",
    "topics": ("b",),
    "lang": "it",
    "listeners": ListenerPolicy.ACCOUNTS,
    "scheduled_start": LATER,
}


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (EDIT, {**EDITED, "duration": 90}),
        (e.SpaceCanceled(LATER), {"state": State.CANCELED}),
        (e.SpaceMissed(LATER), {"state": State.CANCELED}),
    ],
)
def test_what_a_calendar_shows_is_a_new_revision(event: e.Event, changes: dict[str, Any]) -> None:
    before = live(revision=4)
    revised = {"seq": 11, "updated_at": LATER, "revision": 5, "revised_at": LATER}
    assert evolve(before, event, LATER) == replace(before, **{**revised, **changes})


@pytest.mark.parametrize(
    ("event", "who", "changes"),
    [
        (e.RoleChanged(ANN, Role.SPEAKER), ANN, {"role": Role.SPEAKER, "role_seq": 11}),
        (e.RoleChanged(ANN, Role.LISTENER, demoted=True), ANN, {"demoted": True, "role_seq": 11}),
        (
            e.RoleChanged(SPEAKER, Role.LISTENER, demoted=True),
            SPEAKER,
            {"role": Role.LISTENER, "role_seq": 11, "demoted": True, "mic_open": False},
        ),
        (e.RoleChanged(SPEAKER, Role.COHOST), SPEAKER, {"role": Role.COHOST, "role_seq": 11}),
        (e.LaneClosed(SPEAKER, 1, "left"), SPEAKER, {"lane": None, "mic_open": False}),
        (e.LaneClosed(SPEAKER, 2, "left"), SPEAKER, {}),
        (e.MicChanged(SPEAKER, False), SPEAKER, {"mic_open": False}),
        (e.MicChanged(COHOST, True), COHOST, {"mic_open": True}),
        (e.ServerMuted(ANN, HOST), ANN, {"server_muted": True}),
        (e.ServerMuted(SPEAKER, HOST), SPEAKER, {"server_muted": True, "mic_open": False}),
    ],
)
def test_an_event_about_a_person_changes_that_person(event: e.Event, who: str, changes: dict[str, Any]) -> None:
    before = live()
    expected = with_person(replace(before, seq=11, updated_at=LATER), who, **changes)
    assert evolve(before, event, LATER) == expected


def test_a_lifted_mute_opens_no_microphone() -> None:
    muted = with_person(live(), SPEAKER, server_muted=True, mic_open=False)
    after = evolve(muted, e.ServerUnmuted(SPEAKER, HOST), NOW).people[SPEAKER]
    assert (after.server_muted, after.mic_open) == (False, False)


def test_an_approval_after_a_demotion_wipes_it_out() -> None:
    before = with_person(live(), ANN, demoted=True)
    assert not evolve(before, e.RoleChanged(ANN, Role.SPEAKER), NOW).people[ANN].demoted


def test_the_lane_of_somebody_unknown_closes_nothing() -> None:
    assert evolve(live(), e.LaneClosed(ANN, 1, "left"), NOW).people == live().people


def test_a_microphone_session_takes_a_number_that_is_never_used_again() -> None:
    after = evolve(live(), e.LaneOpened(COHOST, 2, False), NOW)
    assert after.people[COHOST] == Member(COHOST, Role.COHOST, False, lane=2, role_seq=3)
    assert (after.next_lane, after.spoke) == (3, (SPEAKER, COHOST))
    again = evolve(after, e.LaneOpened(SPEAKER, 1, True), NOW)
    assert (again.next_lane, again.spoke) == (3, (SPEAKER, COHOST)), "an old number lowers nothing"
    assert evolve(live(), e.LaneOpened(ANN, 9, True), NOW).people[ANN].mic_open


def test_the_host_before_stays_as_the_youngest_co_host() -> None:
    after = evolve(live(revision=1), e.HostChanged(COHOST, HOST, "handed_over"), LATER)
    assert (after.host_id, after.creator_id, after.revision, after.revised_at) == (COHOST, HOST, 2, LATER)
    assert after.people[COHOST] == Member(COHOST, Role.HOST, role_seq=3)
    assert after.people[HOST] == Member(HOST, Role.COHOST, role_seq=11)
