"""What host, staff and the person are told of acts of rules, of what they suggest, and of the circuit breaker. Pure, as `notice_texts`."""

from __future__ import annotations

from spacesctl.application.projections.notice_context import Context, Notice
from spacesctl.application.projections.phrases import how_long_in_words
from spacesctl.domain import events as e
from spacesctl.domain.actions import ACTIONS
from spacesctl.domain.clock import shown
from spacesctl.domain.ladders import NO_STEP
from spacesctl.domain.words import Role
from spacesctl.store.acts import StoredAct
from spacesctl.store.quotes import quote

_EFFECTS: dict[str, type[e.Event]] = {
    "report": e.ReportFiled,
    "warn": e.SanctionImposed,
    "mute": e.ServerMuted,
    "demote": e.RoleChanged,
    "kick": e.Removed,
    "block": e.Removed,
}
"""What shows that a rule's act had an effect: its target may have been exempt."""


def look_at(sanction_id: str) -> str:
    """How its target sees a sanction whole, and appeals it."""
    return f" `spacesctl sanction show {sanction_id}` shows it whole, `spacesctl appeal {sanction_id}` appeals it."


def act_taken(c: Context, event: e.ActTaken) -> list[Notice]:
    """The person and the host are told the action, the rule, the words, that it was automatic; the person, how to appeal."""
    if (event.mode, event.action) == ("suggest", "redact"):
        return _too_late_to_redact(c, event)
    if (event.mode, event.action) == ("enforce", "alert"):
        return _alerted(c, event)
    act, effect = c.acts.get(event.key), _EFFECTS.get(event.action)
    if act is not None and not event.account_id:
        return _about_the_space(c, event, act)
    if act is None or effect is None or not any(isinstance(other, effect) for other in c.outcome.events):
        return []  # only noted, or its target was exempt
    done, at = ACTIONS[event.action].done, shown(event.start_tick)
    to_target = (
        f"You were {done} {c.title} at {at}{_how_long(c, event)}: rule {event.rule_id} {_found(act)}. "
        f"This was automatic, in the host's name.{_how_to_appeal(c, event)}"
    )
    to_host = f"Rule {event.rule_id} {_found(act)} at {at}: {c.name(event.account_id)} was {done} {c.title}.{_to_undo(c, event)}"
    return [_quoting(act, event.account_id, to_target, across=True), _quoting(act, c.space.host_id, to_host)]


_MEASURES = {
    "lock": "{title} is locked for 10 min: nobody new joins",
    "slow": "{title} is slow for 10 min: requests and reactions are spaced out",
}


def _about_the_space(c: Context, event: e.ActTaken, act: StoredAct) -> list[Notice]:
    """The host is told what a rule does about all. Everybody sees it by its event."""
    done, undo = _MEASURES.get(event.action), _to_undo(c, event)
    if done is None or not undo:
        return []  # it was in effect already
    text = f"Rule {event.rule_id} {_found(act)} at {shown(event.start_tick)}: {done.format(title=c.title)}.{undo}"
    return [_quoting(act, c.space.host_id, text)]


def _to_undo(c: Context, event: e.ActTaken) -> str:
    """The command that undoes the sanction of an act."""
    made = (one.sanction for one in c.outcome.events if isinstance(one, e.SanctionImposed))
    found = [one.id for one in made if one.evidence == event.key]
    if event.action == "block":
        return f" `spacesctl unblock {c.name(event.account_id)}` undoes it."
    return f" `spacesctl undo {found[-1]}` undoes it." if found else ""


def _how_long(c: Context, event: e.ActTaken) -> str:
    made = (one.sanction for one in c.outcome.events if isinstance(one, e.SanctionImposed))
    until = next((one.until for one in made if one.evidence == event.key), None)
    return f" for {how_long_in_words(until - c.outcome.at)}" if until is not None else ""


def _how_to_appeal(c: Context, event: e.ActTaken) -> str:
    """Of a report there is nothing to appeal; a block is imposed when the act was taken, and has its id then."""
    if event.action == "block":
        return " `spacesctl sanctions --me` lists it, `spacesctl appeal ID` appeals it."
    made = [one.sanction for one in c.outcome.events if isinstance(one, e.SanctionImposed)]
    return next((look_at(one.id) for one in made if one.evidence == event.key), "")


def _too_late_to_redact(c: Context, event: e.ActTaken) -> list[Notice]:
    """A redaction cannot wait for somebody to confirm it: the host is told how to do it by hand."""
    act = c.acts.get(event.key)
    if act is None:
        return []
    at = shown(event.start_tick)
    by_hand = f"spacesctl redact {c.space.id} {c.name(event.account_id)} --last 10s"
    text = (
        f"Rule {event.rule_id} {_found(act)} of {c.name(event.account_id)} at {at} in {c.title}: it suggests to redact it. "
        f"Nothing was done. To do it: `{by_hand}`."
    )
    return [_quoting(act, c.space.host_id, text)]


_NOT_DONE = {
    "suggested": "it suggests to {action} {whom}. Nothing was done.",
    "unanswered": "to {action} {whom} waited for a second recognition, which did not answer. Nothing was done.",
}


def suggested(c: Context, event: e.SuggestionMade) -> list[Notice]:
    """The host is told what a rule leaves to people, once: not of each time that it asks again, nor of what the circuit breaker holds,
    which is told in one message."""
    one = event.suggestion
    act, because = c.acts.get(one.act), _NOT_DONE.get(one.why)
    before = c.outcome.before.suggestions.get(one.id) if c.outcome.before is not None else None
    asked_before = before is not None and (before.state, before.action) == (one.state, one.action)
    if act is None or because is None or one.state != "open" or asked_before or one.action == NO_STEP:
        return []
    of, at = f" of {c.name(one.account_id)}" if one.account_id else "", shown(act.start_tick)
    because = because.format(action=one.action, whom="them" if one.account_id else "the Space")
    text = (
        f"Rule {one.rule_id} {_found(act)}{of} at {at} in {c.title}: {because} To do it: `spacesctl confirm {one.id}`; "
        f"`spacesctl dismiss {one.id}` leaves it."
    )
    return [_quoting(act, c.space.host_id, text)]


def _found(act: StoredAct) -> str:
    """What a rule has found: words, or facts of sound and conduct."""
    return quote(_said(act)) if act.words or not act.found else f"found {act.found}"


def _said(act: StoredAct) -> str:
    return " ".join(word.w for word in act.words)


def _quoting(act: StoredAct, to: str, text: str, *, across: bool = False) -> Notice:
    """A notice with what `_found` says: the words in it go with those of the act."""
    return (
        Notice(to, text, across=across, act=act.key, quoted=_said(act))
        if act.words
        else Notice(to, text, across=across)
    )


def _alerted(c: Context, event: e.ActTaken) -> list[Notice]:
    """All who moderate are told at once."""
    act = c.acts.get(event.key)
    if act is None:
        return []
    of, at = (
        f" of {c.name(event.account_id)}" if event.account_id else "",
        shown(event.start_tick),
    )
    text = f"Rule {event.rule_id} {_found(act)}{of} at {at} in {c.title}."
    staff = [one.account_id for one in c.space.people.values() if one.role in (Role.HOST, Role.COHOST)]
    return [_quoting(act, one, text) for one in staff]


def tripped(c: Context, event: e.BreakerTripped) -> list[Notice]:
    whom = f"against {c.name(event.account_id)} " if event.account_id else ""
    text = (
        f"Rules have taken many sanctions in {c.title} in the last five minutes: those {whom}that would follow are left to you "
        f"until there are fewer. What is redacted and reported goes on. `spacesctl suggestions {c.space.id}` lists them; "
        "`spacesctl confirm` does one all the same."
    )
    return [Notice(c.space.host_id, text)]
