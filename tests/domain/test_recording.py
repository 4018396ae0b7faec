"""Recording: when it runs, and that nobody is recorded who has not agreed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.domain.principals import System
from spacesctl.domain.recording import consent, stopped, with_the_start
from spacesctl.domain.space import Recording, Space
from spacesctl.domain.words import RecordingMode
from tests.domain.scenes import (
    COHOST,
    HOST,
    NOW,
    SPACE_ID,
    SPEAKER,
    Refusal,
    by,
    events,
    live,
    refusal,
    scheduled,
    told,
    with_person,
)

LATER = NOW + timedelta(minutes=5)
RUNNING = Recording(f"{SPACE_ID}-3", RecordingMode.MIX, NOW)


def test_a_recording_closes_the_microphones_of_who_has_not_agreed_and_takes_the_host_for_agreed() -> None:
    space = with_person(with_person(live(recording_count=2), HOST, mic_open=True), COHOST, mic_open=True, lane=5)
    assert events(space, c.StartRecording(by(HOST), RecordingMode.LANES), LATER) == [
        e.MicChanged(COHOST, False),
        e.MicChanged(SPEAKER, False),
        e.Consented(HOST),
        e.RecordingStarted(Recording(f"{SPACE_ID}-3", RecordingMode.LANES, LATER)),
    ]


def test_who_has_agreed_once_goes_on_speaking() -> None:
    space = live(consents=frozenset({HOST, SPEAKER}))
    assert events(space, c.StartRecording(by(HOST), RecordingMode.MIX)) == [
        e.RecordingStarted(Recording(f"{SPACE_ID}-1", RecordingMode.MIX, NOW))
    ]


def test_a_recording_that_cannot_begin() -> None:
    assert refusal(live(), c.StartRecording(by(HOST), RecordingMode.OFF)) == Refusal(Invalid)
    assert refusal(scheduled(), c.StartRecording(by(HOST), RecordingMode.MIX)) == Refusal(Refused, "not_live", True)
    running = live(recording=RUNNING)
    assert refusal(running, c.StartRecording(by(HOST), RecordingMode.MIX)) == Refusal(Refused, "recording", True)


def test_the_kind_is_named_where_it_is_none() -> None:
    with pytest.raises(Invalid) as caught:
        events(live(), c.StartRecording(by(HOST), RecordingMode.OFF))
    assert told(caught.value)
    assert caught.value.field == "kind"


def test_a_recording_stops_by_the_host_or_by_itself() -> None:
    space = live(recording=RUNNING)
    assert events(space, c.StopRecording(by(HOST)), LATER) == [e.RecordingStopped(RUNNING.id, "stopped", LATER)]
    assert events(space, c.StopRecording(System("disk")), LATER) == [e.RecordingStopped(RUNNING.id, "disk", LATER)]
    assert events(live(), c.StopRecording(System("disk"))) == []
    assert refusal(live(), c.StopRecording(by(HOST))) == Refusal(Refused, "not_recording")
    assert refusal(space, c.StopRecording(by(COHOST))).reason == "record"


@pytest.mark.parametrize(
    ("space", "given", "expected"),
    [
        (live(), False, []),
        (live(), True, []),
        (live(recording=RUNNING), True, [e.Consented(SPEAKER)]),
        (live(recording=RUNNING, consents=frozenset({SPEAKER})), False, []),
        (live(recording=RUNNING, consents=frozenset({SPEAKER})), True, []),
    ],
)
def test_consent_is_asked_once_and_only_while_it_is_recorded(
    space: Space, given: bool, expected: list[e.Event]
) -> None:
    assert consent(space, SPEAKER, given=given) == expected


def test_without_consent_no_microphone_opens_and_it_says_how_to_agree() -> None:
    with pytest.raises(Refused) as caught:
        consent(live(recording=RUNNING), SPEAKER, given=False)
    assert told(caught.value) == Refusal(Refused, "consent", True)


@pytest.mark.parametrize("kind", [RecordingMode.MIX, RecordingMode.LANES])
def test_a_recording_from_the_start_is_of_the_kind_that_was_asked_for(kind: RecordingMode) -> None:
    assert with_the_start(scheduled(), NOW) == []
    started = with_the_start(scheduled(recording_mode=kind, consents=frozenset({HOST})), LATER)
    assert started == [e.RecordingStarted(Recording(f"{SPACE_ID}-1", kind, LATER))]


def test_what_does_not_run_does_not_stop() -> None:
    assert stopped(live(), "ended", NOW) == []
    assert stopped(live(recording=RUNNING), "ended", LATER) == [e.RecordingStopped(RUNNING.id, "ended", LATER)]
