"""Handlers of the Space's life cycle and settings, and of captions and reports. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime, timedelta

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import recording, sanctions
from spacesctl.domain.checks import require_live, require_not_over
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import Invalid, NotAllowed, NotSignedIn, Refused
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Principal
from spacesctl.domain.redaction import MAX_DELAY
from spacesctl.domain.space import MAX_TITLE, MAX_TOPICS, Space
from spacesctl.domain.words import State

Events = list[e.Event]
_CLOCK_SKEW = timedelta(seconds=1)
"""A start time at most this far in the past counts as now: the caller computed it a moment ago."""


def create(command: c.Create, now: datetime) -> Events:
    """Create a scheduled Space. Raises NotSignedIn or Invalid."""
    if command.by.account_id is None:
        raise NotSignedIn
    title = _title(command.title)
    _check_topics(command.topics)
    _check_ahead(command.scheduled_start, now)
    created = e.SpaceCreated(
        command.id, title, command.by.account_id, now, command.policy, command.listeners, command.captions,
        command.topics, command.lang, command.scheduled_start, command.duration, command.series_id,
        command.record, _delay(command.delay),
    )  # fmt: skip
    return [created]


def start(space: Space, command: c.Start, now: datetime) -> Events:
    """Go live, and start the recording if the Space was created with one. Raises NotAllowed, Gone, or Refused with reason `live`."""
    require(space, command.by, Action.START)
    require_not_over(space)
    if space.state is State.LIVE:
        raise Refused("live", "the Space is live already")
    return [e.SpaceStarted(now), *recording.with_the_start(space, now)]


def miss(space: Space, command: c.Miss, now: datetime) -> Events:
    """Mark a Space that is still scheduled as missed. Raises NotAllowed."""
    require(space, command.by, Action.MISS)
    return [e.SpaceMissed(now)] if space.state is State.SCHEDULED else []


def send_reminders(space: Space, command: c.SendReminders, now: datetime) -> Events:
    """Note that the reminders of a kind were sent. No event when they were sent already or the Space's state no longer fits."""
    require(space, command.by, Action.REMIND)
    wanted = State.SCHEDULED if command.kind == "soon" else State.LIVE
    if space.state is not wanted or command.kind in space.reminded:
        return []
    return [e.RemindersSent(command.kind)]


def end(space: Space, command: c.End, now: datetime) -> Events:
    """End a live Space: close all lanes, lower all hands and stop the recording. Raises NotAllowed, Gone, or Refused with reason
    `not_live`.
    """
    require(space, command.by, Action.END)
    require_live(space)
    unanswered = [e.HandLowered(hand, "ended") for hand in space.hands]
    lanes = sanctions.close_all_lanes(space, "ended")
    return [*lanes, *unanswered, *recording.stopped(space, "ended", now), e.SpaceEnded(now)]


def cancel(space: Space, command: c.Cancel, now: datetime) -> Events:
    """Cancel a scheduled Space. Raises NotAllowed, Gone, or Refused with reason `live`."""
    require(space, command.by, Action.CANCEL)
    require_not_over(space)
    if space.state is State.LIVE:
        raise Refused("live", "the Space is live", hint="end it instead")
    return [e.SpaceCanceled(now)]


def edit(space: Space, command: c.Edit, now: datetime) -> Events:
    """Change the given fields; no event when nothing differs. Raises NotAllowed, Invalid, Gone, or Refused with reason `live` for what
    only a Space that has not started can change.
    """
    require(space, command.by, Action.EDIT)
    require_not_over(space)
    start = space.scheduled_start
    if command.scheduled_start is not None:
        if space.state is not State.SCHEDULED:
            raise Refused("live", "the Space has started already")
        _check_ahead(command.scheduled_start, now)
        start = command.scheduled_start
    if command.record is not None and space.state is not State.SCHEDULED:
        raise Refused("live", "the Space has started already", hint="`record start` and `record stop`")
    if command.topics is not None:
        _check_topics(command.topics)
    edited = e.SpaceEdited(
        space.title if command.title is None else _title(command.title),
        space.topics if command.topics is None else command.topics,
        command.lang or space.lang,
        command.listeners or space.listeners,
        start,
        command.duration or space.duration,
        command.record or space.recording_mode,
    )
    before = e.SpaceEdited(
        space.title,
        space.topics,
        space.lang,
        space.listeners,
        space.scheduled_start,
        space.duration,
        space.recording_mode,
    )
    return [*([] if edited == before else [edited]), *_change_delay(space, command)]


def _change_delay(space: Space, command: c.Edit) -> Events:
    delay = _delay(command.delay)
    if delay is None:
        if command.delay_now:
            raise Invalid("delay_now", "needs a `delay`")
        return []
    same = delay == space.delay_set
    return [] if same and not command.delay_now else [e.DelayChanged(delay, command.delay_now)]


def change_policy(space: Space, command: c.ChangePolicy, now: datetime) -> Events:
    """Change who may speak without approval. Raises NotAllowed or Gone."""
    require(space, command.by, Action.POLICY)
    require_not_over(space)
    return [] if command.policy is space.policy else [e.PolicyChanged(command.policy)]


def switch_captions(space: Space, command: c.SwitchCaptions, now: datetime) -> Events:
    """Turn captions on or off. Raises NotAllowed or Gone."""
    require(space, command.by, Action.CAPTIONS)
    require_not_over(space)
    return [] if command.on == space.captions else [e.CaptionsSwitched(command.on)]


def set_rules(space: Space, command: c.SetRules, now: datetime) -> Events:
    """Set or clear the rules and the bot's grant. Raises NotAllowed or Gone."""
    require(space, command.by, Action.RULES)
    require_not_over(space)
    grant = None
    if command.rules_hash is not None:
        grant = sanctions.grant(space.host_id, command)
    numbers = space.grant is not None and space.grant.with_numbers
    if command.rules_hash == space.rules_hash and (grant is None or grant.with_numbers == numbers):
        return []
    return [e.RulesSet(command.rules_hash, grant)]


def add_caption(space: Space, command: c.AddCaption, now: datetime) -> Events:
    """Store a final caption; no event when captions are off, or when the utterance has one (a bot that lost our answer posts it
    again; utterance numbers rise within a lane). Raises NotAllowed, Gone, or Refused with reason `not_live`."""
    require(space, command.by, Action.POST_CAPTIONS)
    if not (space.is_over and command.airing):
        require_live(space)
    if not space.captions or command.utterance <= space.captioned.get(command.lane, -1):
        return []
    caption = e.CaptionSpoken(
        account_id=command.account_id,
        speaker=command.speaker,
        lane=command.lane,
        utterance=command.utterance,
        text=command.text,
        start_tick=command.start_tick,
        end_tick=command.end_tick,
        words=command.words,
    )
    return [caption]


def file_report(space: Space, command: c.FileReport, now: datetime) -> Events:
    """File a report. Raises NotSignedIn or NotAllowed."""
    require_witness(space, command.by, there=command.there)
    by = command.by.account_id or ""
    filed = e.ReportFiled(
        command.report_id, command.category, command.account_id, by, command.note, command.lane, command.tick, command.clip,
        first=command.first,
    )  # fmt: skip
    return [filed]


def keep_evidence(space: Space, command: c.KeepEvidence, now: datetime) -> Events:
    """Note that a report has another clip, also after the end. Raises NotAllowed."""
    require(space, command.by, Action.KEEP_EVIDENCE)
    return [e.EvidenceKept(command.report_id, command.clip, command.account_id)]


def require_witness(space: Space, by: Principal, *, there: bool) -> None:
    """Who was in the Space may report what happened there; its host and admins may, too. Raises NotSignedIn or NotAllowed."""
    require(space, by, Action.REPORT)
    if not (there or by.is_admin or by.account_id == space.host_id):
        raise NotAllowed("you were not in this Space, so you cannot report what happened there", reason="not_there")


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not title or len(title) > MAX_TITLE:
        raise Invalid("title", f"must have 1 to {MAX_TITLE} characters")
    return title


def _delay(seconds: float | None) -> float | None:
    if seconds is not None and not 0 <= seconds <= MAX_DELAY:
        raise Invalid("delay", f"is 0 to {MAX_DELAY:g} seconds")
    return None if seconds is None else round(seconds / TICK_SECONDS) * TICK_SECONDS


def _check_topics(topics: tuple[str, ...]) -> None:
    if len(topics) > MAX_TOPICS:
        raise Invalid("topics", f"at most {MAX_TOPICS}")


def _check_ahead(start: datetime | None, now: datetime) -> None:
    if start is not None and start < now - _CLOCK_SKEW:
        raise Invalid("scheduled_start", "is in the past")
