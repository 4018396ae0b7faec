"""What `watch` knows of a Space: its view, and what happened, in words. It does no I/O."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal

from spacesctl.api import events, moderation_events, people_events, space_events
from spacesctl.api.captions import Caption, CaptionsStatus
from spacesctl.api.events import Event
from spacesctl.api.people import Member, Members
from spacesctl.api.spaces import Space
from spacesctl.api.wire import Answer
from spacesctl.cli.roles import ROLES
from spacesctl.client.room_changes import after
from spacesctl.client.room_view import of, reread, with_past
from spacesctl.domain.clock import TICK_SECONDS, shown
from spacesctl.domain.words import ChatPolicy, InviteState, Role, State
from spacesctl.support.text import one_line

REMEMBERED = 256
"""Redactions of which it is remembered whose words they are."""
IN_FLIGHT = 5
"""Ticks that the audience may have heard of what is redacted without a mention."""
KEPT = 200
"""Events that are kept."""
TICKS = 50
"""Of the Space clock in a second."""
_TOLD: dict[str, str] = {
    "person.erased": "what {who} said and shared is hidden from the audience",
    "person.restored": "what {who} said and shared is shown again",
    "hand.raised": "{who} asks to speak",
    "host.changed": "{who} is now the host",
    "host.away": "the host {who} left",
    "host.back": "the host {who} is back",
    "host.left": "nobody hosts: the microphones are closed",
    "recording.started": "recording started",
    "recording.stopped": "recording stopped",
    "redaction.withdrawn": "a redaction was withdrawn",
    "hold.ended": "who comes on stage may speak again",
    "space.ended": "the Space has ended",
}

_BEGAN: dict[str, str] = {
    "lock": "locked: nobody new can join",
    "slow": "slow: one request or reaction in {every} s from each account",
    "mute": "all are muted, and who comes on stage, too",
    "demote": "all are listeners, and need an approval to speak",
}
_OVER: dict[str, str] = {
    "lock": "unlocked: everybody may join again",
    "slow": "no longer slow",
    "mute": "people may speak again",
    "demote": "nobody needs an approval any longer but by the policy",
}


_CHAT: dict[ChatPolicy, str] = {
    ChatPolicy.OFF: "the chat is off",
    ChatPolicy.SPEAKERS: "who is on stage may write in the chat",
    ChatPolicy.EVERYONE: "everybody may write in the chat",
}


class StateLine(Answer, frozen=True, kw_only=True):
    """The first line of `watch --json`: the Space and its people as they are when it begins. The events that follow change them."""

    type: Literal["state"] = "state"
    space: Space
    people: list[Member]


class Watched:
    """What `watch` shows: the `view` of the Space, and `happened`, the last events with their time."""

    def __init__(self, space: Space, members: Members, now: Callable[[], float] = time.monotonic) -> None:
        self.view = of(space, members)
        self._now = now
        self._told_at = now()
        """When the tick of the view was told: the clock of a Space goes on while the connection is lost."""
        self.names = {row.id: row.handle for row in members.data}
        """Handles by account id, also of people who left."""
        self.others = False
        """Whether people came or left since the API was read: an event tells only how many are there."""
        self._listened = False
        """Whether the account of the last event was a listener before it."""
        self._place_before: tuple[Role, bool] | None = None
        """Role and mute of the account of the last event before it."""
        self._made_listener: str | None = None
        """Whose role the last stored event took: an invitation that ends right after it ended with the role."""
        self._whose: dict[str, str] = {}
        """By the id of a redaction, of the latest ones."""
        self._captions = (False, frozenset[tuple[str, bool]]())
        """Whether captions are behind, and who is not recognised, as told last; with whether nothing is redacted there."""
        self.cut_off = False
        """Whether the connection is lost at the moment."""
        self.happened: deque[tuple[str, str]] = deque(maxlen=KEPT)
        self.happened_count = 0
        """How many there were in all."""

    def reread(self, space: Space, members: Members) -> None:
        """Take what the API tells anew."""
        self.view = reread(self.view, space, members)
        self.names |= {row.id: row.handle for row in members.data}
        self.others = False

    def past(self, captions: Iterable[Caption]) -> None:
        """Take what was said before one came."""
        self.view = with_past(self.view, captions)

    def take(self, event: Event) -> bool:
        """Update the view with an event; whether the API must be read again before it is told."""
        before = self.view
        self.cut_off = False
        self.view = after(before, event)
        if self.view.tick != before.tick:
            self._told_at = self._now()
        self.others = self.others or self.view.participant_count != before.participant_count
        known = before.people.get(_account_id(event.data) or "")
        self._place_before = (known.role, known.muted) if known is not None else None
        self._listened = known is None or known.role == Role.LISTENER
        return self.view.stale or _account_id(event.data) not in (None, *self.names)

    def tell(self, event: Event) -> str | None:
        """Add what an event says to what happened; None when it says nothing to people."""
        told = self._sentence(event)
        if event.seq is not None:
            role = event.data if isinstance(event.data, people_events.RoleChanged) else None
            self._made_listener = role.account_id if role is not None and role.role is Role.LISTENER else None
        if told:
            tick = event.data.tick if isinstance(event.data, events.Reactions) else event.tick
            self._add(shown(self._present() if tick is None else tick), one_line(told))
        return told

    def remark(self, text: str) -> None:
        """Add what is not of the Space to what happened."""
        self._add(shown(self._present()), text)

    def _add(self, at: str, what: str) -> None:
        self.happened.append((at, what))
        self.happened_count += 1

    def _present(self) -> int:
        """The tick of now: some events have none."""
        passed = self._now() - self._told_at if self.view.state == State.LIVE else 0.0
        return self.view.tick + round(passed * TICKS)

    def _shared(self, pin: space_events.SharedPin) -> str:
        what = f"{pin.title} {pin.ref}" if pin.kind == "link" else "a post"
        return f"{self.names.get(pin.by_id, 'somebody')} shares {what}"

    def _answered(self, who: str, account_id: str | None, state: InviteState) -> str | None:
        if state is not InviteState.REVOKED:
            return f"{who} {state} the invitation"
        return None if account_id == self._made_listener else f"the invitation of {who} was revoked"

    def _redacted(self, one: moderation_events.MadeRedaction) -> str:
        whose = self.names.get(one.account_id or "", "somebody") if one.account_id is not None else "everybody"
        done = "cut out" if one.cut else "redacted"
        length = (one.to_tick - one.from_tick + 1) * TICK_SECONDS
        self._whose[one.id] = whose
        if len(self._whose) > REMEMBERED:
            del self._whose[next(iter(self._whose))]
        if one.missed_to is not None and one.missed_to >= one.to_tick:
            return f"too late: {self.named(one.by)} found {length:.1f} s of {whose} that the audience had heard"
        return f"{length:.1f} s of {whose} {done} by {self.named(one.by)}"

    def _missed(self, redaction_id: str, ticks: int) -> str | None:
        """Once for each redaction, however often it is changed. A few hundredths of a second are on the way when words are taken out."""
        whose = self._whose.pop(redaction_id, None) if ticks > IN_FLIGHT else None
        return None if whose is None else f"too late for {whose}: the audience had heard {ticks * TICK_SECONDS:.1f} s"

    def _late(self, status: CaptionsStatus) -> str | None:
        """What has changed of how captions come: the status is told again and again while they are behind."""
        unheard = frozenset((one.account_id, one.unprotected) for one in status.unheard or ())
        before, self._captions = self._captions, (status.behind, unheard)
        if self._captions == before:
            return None
        if unheard != before[1]:
            names = [
                f"{self.names.get(who, 'somebody')}{' (nothing is redacted there)' if open_ else ''}"
                for who, open_ in sorted(unheard)
            ]
            return f"not recognised, for want of time: {', '.join(names)}" if names else "everybody is recognised again"
        return "captions are behind" if status.behind else "captions are on time again"

    def named(self, by: moderation_events.ActingPrincipal) -> str:
        """Who acted, in words."""
        names = {"person": self.names.get(by.id or "", "somebody"), "rule": f"rule {by.id}", "system": "the server"}
        return names[by.kind]

    def _because(self, by_id: object, reason: object = "") -> str:
        """By whom and why, as far as one is told; the system has no name."""
        by = f" by {self.names[by_id]}" if isinstance(by_id, str) and by_id in self.names else ""
        return by + (f": {reason}" if isinstance(reason, str) and reason else "")

    def _imposed(self, sanction: moderation_events.ImposedSanction) -> str | None:
        """Of a warning and a demotion only: what else is done has an event that says so."""
        if sanction.action not in ("warn", "demote") or not sanction.target_id:
            return None
        why = f": {sanction.reason}" if sanction.reason else ""
        if sanction.action == "warn":
            return f"{self.names.get(sanction.target_id, 'somebody')} was warned by {self.named(sanction.by)}{why}"
        return f"{self.names.get(sanction.target_id, 'somebody')} is a listener now, by {self.named(sanction.by)}{why}"

    def _suggested(self, one: moderation_events.MadeSuggestion) -> str | None:
        """Of each time that it is asked for; what waits is told by its act."""
        if one.state != "open":
            return None
        whom = self.names.get(one.account_id, "somebody") if one.account_id else "the Space"
        return f"to {one.action} {whom}: spacesctl confirm {one.id}"

    def _sentence(self, event: Event) -> str | None:
        account_id = _account_id(event.data)
        who = self.names.get(account_id, "somebody") if account_id else "the Space"
        match event.data:
            case people_events.InviteAnswered(state=state):
                return self._answered(who, account_id, state)
            case people_events.RoleChanged(role=role, demoted=demoted):
                same = self._listened and role is Role.LISTENER  # a demotion is over: it gives no role back
                return None if same or demoted is True else f"{who} is {ROLES[role]} now"  # who demoted is told next
            case events.You(role=role, muted=muted):
                same = (role, muted) == self._place_before
                return None if same else f"you are {ROLES[role]} now{', muted' if muted else ''}"
            case moderation_events.ServerMuted(by_id=by_id, reason=reason):
                return f"{who} is muted{self._because(by_id, reason)}"
            case moderation_events.Removed(by_id=by_id, reason=reason):
                return f"{who} was removed{self._because(by_id, reason)}"
            case moderation_events.ServerUnmuted(by_id=by_id):
                return f"{who} may open the microphone again{self._because(by_id)}"
            case moderation_events.HoldBegan(by_id=by_id):
                return f"who comes on stage is muted for a while{self._because(by_id)}"
            case moderation_events.SanctionImposed(sanction=sanction):
                return self._imposed(sanction)
            case moderation_events.MeasureBegan(action=action, every=every):
                return _BEGAN[action].format(every=every)
            case moderation_events.MeasureEnded(action=action):
                return _OVER[action]
            case moderation_events.RedactionMade(redaction=redaction):
                return self._redacted(redaction)
            case moderation_events.RedactionMissed(redaction_id=redaction_id, ticks=ticks):
                return self._missed(redaction_id, ticks)
            case space_events.DelayChanged(delay=delay):
                return f"the audience is to hear {delay:g} s later"
            case moderation_events.ActTaken() as act:
                done = "" if act.mode == "enforce" else f" ({act.mode})"
                return f"rule {act.rule_id}: {act.action} {who}{done}"
            case moderation_events.SuggestionMade(suggestion=one):
                return self._suggested(one)
            case moderation_events.SuggestionEnded(how=how) as one:
                return f"suggestion {one.suggestion_id} is {how}" if how != "answered" else None
            case moderation_events.OffenceCounted(acts=acts, rule_id=rule_id):
                return None if acts else f"rule {rule_id} counts what {who} said"
            case moderation_events.PointsGiven(ladder=ladder, points=points):
                return f"{who} has {points} more {'point' if points == 1 else 'points'} ({ladder})"
            case moderation_events.BreakerTripped(account_id=whom):
                return f"rules hold their sanctions against {who if whom else 'everybody'}: there were many"
            case moderation_events.ReportFiled(category=category):
                return f"{who} was reported: {category}"
            case CaptionsStatus() as status:
                return self._late(status)
            case events.Reactions(counts=counts):
                return "  ".join(f"{name} {count}" for name, count in counts.items())
            case space_events.Pinned(pin=pin):
                return self._shared(pin)
            case space_events.ChatSaid(speaker=speaker, text=text):
                return f"{speaker} writes: {text}"
            case space_events.ChatChanged(chat=chat, every=every):
                return _CHAT[chat] + (f", one message in {every} s from each account" if every else "")
            case space_events.TextMasked(rule=rule):
                return f"words that {who} wrote are masked{f' by rule {rule}' if isinstance(rule, str) else ''}"
            case space_events.TextErased(by_id=by_id):
                by = f" by {self.names.get(by_id, 'somebody')}" if isinstance(by_id, str) else ""
                return f"what {who} wrote is erased{by}"
            case _:
                told = _TOLD.get(event.type)
                return told.replace("{who}", who) if told is not None else None


def _account_id(data: Answer) -> str | None:
    found = getattr(data, "account_id", None)
    return found if isinstance(found, str) and found else None
