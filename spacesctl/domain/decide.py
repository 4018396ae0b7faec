"""`decide(space, command, now)` returns the events that a command makes, or raises the error that refuses it. Pure.

`decide_all` does so for everything that one request asks for.

The handlers are in `life.py` (the Space itself), `stage.py` (who speaks), `absence.py` (the host is away), `leaving.py` (an account
is suspended or deleted), `sanctions.py` (warn, mute,
demote, kick, block), `measures.py` (what concerns all), `acts.py` (what rules do), `undo.py` (the end of a sanction),
`redactions.py` (what the audience is not to hear), `review.py` (reports), `appeals.py`, `panic.py`, `suggestions.py`, `pins.py`,
`texts.py` (what is written) and `recording.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from spacesctl.domain import (
    absence,
    acts,
    appeals,
    erasing,
    leaving,
    life,
    measures,
    panic,
    pins,
    recording,
    redactions,
    review,
    sanctions,
    stage,
    suggestions,
    texts,
    undo,
)
from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.space import Space

Events = list[e.Event]


def decide(space: Space | None, command: c.Command, now: datetime) -> Events:
    """Return the events that the command makes, in order; an empty list when there is nothing to change. Raises a
    SpacesError when the command is refused.
    """
    if isinstance(command, c.Create):
        return life.create(command, now)
    if space is None:
        raise TypeError("only Create needs no Space")
    return _HANDLERS[type(command)](space, command, now)


def decide_all(space: Space | None, commands: Sequence[c.Command], now: datetime) -> tuple[Events, Space]:
    """Decide each command on the state that the ones before it leave. Returns all events, and the Space after them. If one
    command is refused, all are: what it raises is raised.
    """
    events: Events = []
    for command in commands:
        made = decide(space, command, now)
        space = evolve_all(space, made, now)
        events += made
    if space is None:
        raise TypeError("the first command of a Space is Create")
    return events, space


_HANDLERS: dict[type[c.Command], Callable[[Space, Any, datetime], Events]] = {
    c.Start: life.start,
    c.End: life.end,
    c.Miss: life.miss,
    c.SendReminders: life.send_reminders,
    c.Cancel: life.cancel,
    c.Edit: life.edit,
    c.ChangePolicy: life.change_policy,
    c.SwitchCaptions: life.switch_captions,
    c.ChangeChat: texts.change_chat,
    c.Write: texts.write,
    c.EraseText: texts.erase,
    c.MaskText: texts.mask,
    c.SetRules: life.set_rules,
    c.SendInvites: stage.invite,
    c.RevokeInvites: stage.revoke_invites,
    c.Promote: stage.promote,
    c.HandOver: stage.hand_over,
    c.HostAway: absence.host_away,
    c.HostBack: absence.host_back,
    c.HostGone: absence.host_gone,
    c.AnswerInvite: stage.answer_invite,
    c.RaiseHand: stage.raise_hand,
    c.LowerHand: stage.lower_hand,
    c.AnswerHand: stage.answer_hand,
    c.Warn: sanctions.warn,
    c.Mute: sanctions.mute,
    c.Unmute: sanctions.unmute,
    c.Demote: sanctions.demote,
    c.Kick: sanctions.kick,
    c.TakeMeasure: measures.take,
    c.EndMeasure: measures.end,
    c.Undo: undo.undo,
    c.LiftExpired: undo.lift_expired,
    c.RemoveBlocked: sanctions.remove_blocked,
    c.Restore: erasing.restore,
    c.TakeOut: leaving.take_out,
    c.TakeAct: acts.take_act,
    c.Confirm: suggestions.confirm,
    c.Dismiss: suggestions.dismiss,
    c.OpenMic: stage.open_mic,
    c.SetMic: stage.set_mic,
    c.CloseMic: stage.close_mic,
    c.PinUp: pins.pin,
    c.Unpin: pins.unpin,
    c.StartRecording: recording.start,
    c.StopRecording: recording.stop,
    c.AddCaption: life.add_caption,
    c.FileReport: life.file_report,
    c.KeepEvidence: life.keep_evidence,
    c.DecideReport: review.decide_report,
    c.FileAppeal: appeals.file_appeal,
    c.DecideAppeal: appeals.decide_appeal,
    c.AssignReport: review.assign_report,
    c.NoteReport: review.note_report,
    c.Redact: redactions.redact,
    c.ChangeRedaction: redactions.change,
    c.WithdrawRedaction: redactions.withdraw,
    c.MissRedaction: redactions.miss,
    c.Panic: panic.panic,
    c.Calm: panic.calm,
}
