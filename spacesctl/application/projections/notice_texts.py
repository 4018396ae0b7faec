"""Who is told of which event, and in which words. Pure: a context and an event in, notices out."""

from __future__ import annotations

from spacesctl.application.projections import act_notices, review_texts
from spacesctl.application.projections.notice_context import Context, Notice, Writer
from spacesctl.application.projections.phrases import because, how_long_in_words, in_words, then_can
from spacesctl.domain import events as e
from spacesctl.domain.actions import ACTIONS
from spacesctl.domain.principals import Rule, System
from spacesctl.domain.sanction import EVERYBODY
from spacesctl.domain.words import InviteState, Role, State

_OFFERS = {Role.COHOST: "be a co-host of", Role.SPEAKER: "speak in"}


def _invited(c: Context, event: e.Invited) -> list[Notice]:
    start = c.space.scheduled_start
    when = f" on {in_words(start)}" if start is not None and c.space.state is State.SCHEDULED else ""
    text = f"{c.name(event.invite.by)} invites you to {_OFFERS[event.invite.role]} {c.title}{when}: {c.link}"
    return [Notice(event.invite.account_id, f"{text}\n\n{event.message}" if event.message else text, "invite")]


def _invite_answered(c: Context, event: e.InviteAnswered) -> list[Notice]:
    if event.state is InviteState.REVOKED:
        if any(
            isinstance(other, e.SanctionImposed) and other.account_id == event.account_id for other in c.outcome.events
        ):
            return []  # the sanction says more
        if isinstance(c.outcome.by, System):
            return []  # its account was suspended or deleted
        return [Notice(event.account_id, f"Your invitation to {c.title} was withdrawn.")]
    inviter = c.space.invites[event.account_id].by
    done = "accepted" if event.state is InviteState.ACCEPTED else "declined"
    return [Notice(inviter, f"{c.name(event.account_id)} {done} the invitation to {c.title}.")]


def _hand_lowered(c: Context, event: e.HandLowered) -> list[Notice]:
    texts = {
        "approved": f"You may speak in {c.title} now: {c.link}",
        "denied": f"Your request to speak in {c.title} was denied.",
        "ended": f"{c.title} ended before your request to speak was answered.",
    }
    removed = any(isinstance(other, e.Removed) and other.account_id == event.account_id for other in c.outcome.events)
    return [Notice(event.account_id, texts[event.outcome])] if event.outcome in texts and not removed else []


def _role_changed(c: Context, event: e.RoleChanged) -> list[Notice]:
    if event.role is Role.COHOST:
        by = c.name(c.outcome.by.account_id) if c.by else "The server"
        return [Notice(event.account_id, f"{by} made you a co-host of {c.title}.")]
    return []


def _sanctioned(c: Context, event: e.SanctionImposed) -> list[Notice]:
    if isinstance(c.outcome.by, Rule):
        return []  # the act says it, with the words
    sanction = event.sanction
    if sanction.action != "warn" and not c.had_a_part(sanction.target):
        return []  # it concerns nobody who was there; a warning is nothing but what is told
    how_long = f" for {how_long_in_words(sanction.until - sanction.since)}" if sanction.until is not None else ""
    how_long = how_long or (" until it ends" if sanction.action == "kick" else "")
    done = ACTIONS[sanction.action].done
    text = f"You were {done} {c.title}{c.by}{how_long}{because(sanction.reason)}{act_notices.look_at(sanction.id)}"
    return [Notice(sanction.target, text)]


def _lifted(c: Context, event: e.SanctionLifted) -> list[Notice]:
    if event.how == "replaced" or event.account_id == EVERYBODY:
        return []  # what replaces it says it; a measure is told by its event
    if any(isinstance(other, e.AppealDecided) for other in c.outcome.events):
        return []  # that says it
    undone = ACTIONS[event.action].undone
    return [Notice(event.account_id, f"You are {undone} {c.title}{because(event.reason)}{then_can(c, event.action)}")]


def _unmuted(c: Context, event: e.ServerUnmuted) -> list[Notice]:
    if any(isinstance(other, e.SanctionLifted) and other.account_id == event.account_id for other in c.outcome.events):
        return []  # that says it; mutes of earlier versions have no sanction
    return [Notice(event.account_id, f"You are no longer muted in {c.title}. Open your microphone to speak.")]


def _removed(c: Context, event: e.Removed) -> list[Notice]:
    if event.barred or isinstance(c.outcome.by, Rule):
        return []  # the sanction, or the act, says it
    if not c.had_a_part(event.account_id):
        return []
    why = "its host blocked you" if event.by == c.space.host_id else "there is a block between you and its hosts"
    return [Notice(event.account_id, f"You were removed from {c.title}: {why}.", across=True)]


def _edited(c: Context, event: e.SpaceEdited) -> list[Notice]:
    before, start = c.outcome.before, event.scheduled_start
    if before is None or start is None or start == before.scheduled_start:
        return []
    text = f"{c.title} was moved: it starts on {in_words(start)} now. {c.link}"
    return [Notice(account_id, text) for account_id in c.everybody()]


def _canceled(c: Context, event: e.SpaceCanceled) -> list[Notice]:
    start = c.space.scheduled_start
    when = f", planned for {in_words(start)}," if start is not None else ""
    return [Notice(account_id, f"{c.title}{when} was called off{c.by}.") for account_id in c.everybody()]


def _missed(c: Context, event: e.SpaceMissed) -> list[Notice]:
    suspended = isinstance(c.outcome.by, System) and c.outcome.by.reason == "suspended"
    why = "its host is suspended" if suspended else "the server was not running at the scheduled time"
    text = f"{c.title} did not start: {why}."
    return [Notice(account_id, text) for account_id in c.everybody()]


def _host_changed(c: Context, event: e.HostChanged) -> list[Notice]:
    now = c.name(event.account_id)
    others = {*c.everybody(), event.before} - {event.account_id}
    told = [Notice(one, f"{c.title} is hosted by {now} now.", across=one == event.before) for one in sorted(others)]
    return [Notice(event.account_id, f"You are the host of {c.title} now: {c.link}"), *told]


def _host_away(c: Context, event: e.HostAway) -> list[Notice]:
    """To the host, who may have left by mistake, and to the co-hosts, one of whom takes over."""
    by = f"{event.until:%H:%M:%S} UTC"
    cohosts = [one.account_id for one in c.space.with_role(Role.COHOST)]
    then = "a co-host takes over" if cohosts else "the microphones close, and five minutes later the Space ends"
    mine = Notice(event.account_id, f"You left {c.title}, which is live. If you are not back by {by}, {then}: {c.link}")
    text = f"{c.name(event.account_id)} left {c.title}. Unless the host is back by {by}, a co-host who is there hosts."
    return [mine, *(Notice(one, text) for one in cohosts)]


def _host_back(c: Context, event: e.HostBack) -> list[Notice]:
    text = f"{c.name(event.account_id)} is back in {c.title} and goes on as host."
    return [Notice(one.account_id, text) for one in c.space.with_role(Role.COHOST)]


def _host_left(c: Context, event: e.HostLeft) -> list[Notice]:
    """To all that can keep it going or were cut off."""
    text = (
        f"{c.title} has no host: all microphones are closed. It ends at {event.ends_at:%H:%M:%S} UTC unless its host or a "
        f"co-host comes: {c.link}"
    )
    return [Notice(one.account_id, text) for one in c.space.people.values() if one.role is not Role.LISTENER]


def _ended(c: Context, event: e.SpaceEnded) -> list[Notice]:
    """A Space that the server ended, because nobody was there: its host and co-hosts could not know."""
    reasons = {
        "end_empty": "nobody was there for five minutes",
        "end_without_host": "no host was there",
        "suspended": "its host was suspended",
        "deleted": "its host's account was deleted",
    }
    why = reasons.get(c.outcome.by.reason) if isinstance(c.outcome.by, System) else None
    staff = [one.account_id for one in c.space.people.values() if one.role in (Role.HOST, Role.COHOST)]
    return [Notice(one, f"{c.title} ended: {why}.") for one in staff] if why is not None else []


def _reminded(c: Context, event: e.RemindersSent) -> list[Notice]:
    start = c.space.scheduled_start
    soon = f"starts on {in_words(start)}" if start is not None else "starts soon"
    text = f"{c.title} {soon if event.kind == 'soon' else 'is live now'}: {c.link}"
    host = [c.space.host_id] if event.kind == "soon" else []
    return [Notice(one, text, "reminder") for one in [*sorted(c.subscribers - {c.space.host_id}), *host]]


def _recording_stopped(c: Context, event: e.RecordingStopped) -> list[Notice]:
    """A recording that the server stopped: its host could not know."""
    if event.reason != "disk":
        return []
    text = f"The recording of {c.title} stopped: the server's disk has no room. What was recorded until then is kept."
    return [Notice(c.space.host_id, text)]


WRITERS: dict[type[e.Event], Writer] = {
    **review_texts.WRITERS,
    e.Invited: _invited,
    e.InviteAnswered: _invite_answered,
    e.HandLowered: _hand_lowered,
    e.RoleChanged: _role_changed,
    e.SanctionImposed: _sanctioned,
    e.SanctionLifted: _lifted,
    e.ServerUnmuted: _unmuted,
    e.Removed: _removed,
    e.SpaceEdited: _edited,
    e.SpaceCanceled: _canceled,
    e.SpaceMissed: _missed,
    e.HostChanged: _host_changed,
    e.HostAway: _host_away,
    e.HostBack: _host_back,
    e.HostLeft: _host_left,
    e.SpaceEnded: _ended,
    e.RecordingStopped: _recording_stopped,
    e.RemindersSent: _reminded,
    e.ActTaken: act_notices.act_taken,
    e.SuggestionMade: act_notices.suggested,
    e.BreakerTripped: act_notices.tripped,
}
"""All events that concern somebody, each with who writes its notices."""
