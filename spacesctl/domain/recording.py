"""Recording: when it runs, and that nobody is recorded who has not agreed. Pure, as all of `decide`."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.checks import require_live
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.space import Recording, RecordingMode, Space

Events = list[e.Event]


def start(space: Space, command: c.StartRecording, now: datetime) -> Events:
    """Open microphones close, but the host's: each opens again when its person agrees."""
    require(space, command.caller, Action.RECORD)
    require_live(space)
    if command.kind is RecordingMode.OFF:
        raise Invalid("kind", "is mix or lanes")
    if space.recording is not None:
        raise Refused("recording", "it is recorded already", hint="stop that recording first")
    agreed = space.consents | {space.host_id}
    closing = [p for p in space.people.values() if p.mic_open and p.account_id not in agreed]
    return [
        *(e.MicChanged(person.account_id, False) for person in closing),
        *_begin(space, command.kind, now),
    ]


def stop(space: Space, command: c.StopRecording, now: datetime) -> Events:
    if command.failed is not None:
        return stopped(space, command.failed, now)
    require(space, command.caller, Action.RECORD)
    if space.recording is None:
        raise Refused("not_recording", "it is not recorded")
    return stopped(space, "stopped", now)


def with_the_start(space: Space, now: datetime) -> Events:
    """Of a Space that was made to be recorded."""
    return [] if space.record is RecordingMode.OFF else _begin(space, space.record, now)


def stopped(space: Space, reason: str, now: datetime) -> Events:
    return [] if space.recording is None else [e.RecordingStopped(space.recording.id, reason, now)]


def consent(space: Space, account_id: str, *, given: bool) -> Events:
    """Before a microphone opens. Raises Refused with reason `consent` while a recording runs that the person has not agreed to."""
    if space.recording is None or account_id in space.consents:
        return []
    if not given:
        raise Refused(
            "consent", "this Space is recorded", hint="agree to it (`speak --consent`, or `consent=recording`)"
        )
    return [e.Consented(account_id)]


def _begin(space: Space, kind: RecordingMode, now: datetime) -> Events:
    agreed: Events = [] if space.host_id in space.consents else [e.Consented(space.host_id)]
    return [*agreed, e.RecordingStarted(Recording(f"{space.id}-{space.recordings + 1}", kind, now))]
