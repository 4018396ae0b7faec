"""Recording: when it runs, and that only people who agreed are recorded. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.checks import require_live
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import System
from spacesctl.domain.space import Recording, Space
from spacesctl.domain.words import RecordingMode

Events = list[e.Event]


def start(space: Space, command: c.StartRecording, now: datetime) -> Events:
    """Start a recording. All open microphones but the host's close; each opens again when its speaker agrees. Raises
    NotAllowed, Invalid, Gone, or Refused with reason `not_live` or `recording`.
    """
    require(space, command.by, Action.RECORD)
    require_live(space)
    if command.kind is RecordingMode.OFF:
        raise Invalid("kind", "is mix or lanes")
    if space.recording is not None:
        raise Refused("recording", "the Space is recorded already", hint="stop that recording first")
    agreed = space.consents | {space.host_id}
    closing = [p for p in space.people.values() if p.mic_open and p.account_id not in agreed]
    return [
        *(e.MicChanged(person.account_id, False) for person in closing),
        *_begin(space, command.kind, now),
    ]


def stop(space: Space, command: c.StopRecording, now: datetime) -> Events:
    """Stop the recording, by the host or because the recorder failed. Raises NotAllowed, or Refused with reason `not_recording`."""
    require(space, command.by, Action.RECORD)
    if isinstance(command.by, System):
        return stopped(space, command.by.reason, now)
    if space.recording is None:
        raise Refused("not_recording", "the Space is not being recorded")
    return stopped(space, "stopped", now)


def with_the_start(space: Space, now: datetime) -> Events:
    """The events that start the recording of a Space that was created with `record`; empty for any other."""
    return [] if space.recording_mode is RecordingMode.OFF else _begin(space, space.recording_mode, now)


def stopped(space: Space, reason: str, now: datetime) -> Events:
    """The event that ends a running recording; empty when none runs."""
    return [] if space.recording is None else [e.RecordingStopped(space.recording.id, reason, now)]


def consent(space: Space, account_id: str, *, given: bool) -> Events:
    """Called before a microphone opens: the event of a new consent, if one is needed. Raises Refused with reason
    `consent` when a recording runs and the speaker has not agreed to it.
    """
    if space.recording is None or account_id in space.consents:
        return []
    if not given:
        raise Refused(
            "consent", "this Space is recorded", hint="agree to it (`speak --consent`, or `consent=recording`)"
        )
    return [e.Consented(account_id)]


def _begin(space: Space, kind: RecordingMode, now: datetime) -> Events:
    agreed: Events = [] if space.host_id in space.consents else [e.Consented(space.host_id)]
    return [*agreed, e.RecordingStarted(Recording(f"{space.id}-{space.recording_count + 1}", kind, now))]
