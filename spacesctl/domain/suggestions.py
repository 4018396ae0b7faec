"""What rules leave to a person: made by their acts, confirmed or dismissed by staff, each once. Pure, like all of `decide`.

A sanction that waits for its second recognition stands here, too: if the bot that waits is killed, it becomes a suggestion.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import measures, redactions, sanctions
from spacesctl.domain.actions import ACTIONS, SANCTIONS
from spacesctl.domain.checks import require_live
from spacesctl.domain.errors import NotAllowed, NotFound, Refused
from spacesctl.domain.ladders import NO_STEP
from spacesctl.domain.permissions import Action, require, require_over
from spacesctl.domain.principals import Principal, described
from spacesctl.domain.sanctioning import Order, imposed
from spacesctl.domain.space import Space
from spacesctl.domain.suggestion import UNDECIDED, Suggestion, Why
from spacesctl.domain.words import Role, RuleMode

Events = list[e.Event]
OPEN_FOR: Final = timedelta(minutes=30)
"""After which nobody decides any longer: what it is about is over."""
WAITS: Final = timedelta(seconds=30)
"""How long a second recognition may take, with the time in which the server is not reached."""
_WHY: Final[dict[RuleMode, Why]] = {"suggest": "suggested", "held": "held", "waiting": "unanswered"}


def of_act(space: Space, command: c.TakeAct, mode: RuleMode, now: datetime) -> Events:
    """The events about suggestions that follow from an act of this mode: what waited for its answer has it; what is left to a person is
    suggested, once for the same rule, person and action."""
    waited = [one for one in space.suggestions.values() if one.act == command.key and one.why == "unanswered"]
    waited = [one for one in waited if one.state in UNDECIDED]
    answered: Events = [_ended(one, "answered") for one in waited]
    why = _WHY.get(mode)
    if why is None or not _can_be_done(space, command):
        return answered
    before = None if mode == "waiting" else _same(space, command)
    if before is not None and before.id in {one.id for one in waited}:
        before = None
    return [*answered, e.SuggestionMade(_made(space, command, why, before, now))]


def confirm(space: Space, command: c.Confirm, now: datetime) -> Events:
    """Do what a rule suggests, in the caller's name. Raises NotAllowed, NotFound, Gone, or Refused: with reason `decided`, `in_effect`, or
    what the action itself is refused for.
    """
    one = _to_decide(space, command.by, command.suggestion_id)
    until = now + timedelta(seconds=one.lasts) if one.lasts is not None else None
    every = measures.EVERY if one.action == "slow" else None
    order = Order(described(command.by), f"rule {one.rule_id}", until, now, one.act, every)
    done = _done(space, command, one, order)
    if not done and one.action != NO_STEP:
        raise Refused("in_effect", f"there is nothing to do: {one.action} is in effect already")
    points = [
        e.PointsGiven(one.ladder, one.account_id, one.points, one.act, now + timedelta(seconds=one.expire))
        for _ in range(1 if one.points else 0)
    ]
    made = [event.sanction.id for event in done if isinstance(event, e.SanctionImposed)]
    ended = _ended(one, "confirmed", command.by.account_id or "", made[-1] if made else "")
    return [*done, *points, ended]


def dismiss(space: Space, command: c.Dismiss, now: datetime) -> Events:
    """Leave it undone: who may confirm it may. Raises NotAllowed, NotFound, Gone, or Refused with reason `decided`."""
    one = _to_decide(space, command.by, command.suggestion_id)
    return [_ended(one, "dismissed", command.by.account_id or "")]


def expired(space: Space, now: datetime) -> Events:
    """What becomes of those whose time is over: what waited in vain is suggested, what nobody decided on ends."""
    events: Events = []
    for one in space.suggestions.values():
        if one.until > now:
            continue
        if one.state == "waiting":
            events.append(e.SuggestionMade(replace(one, state="open", since=now, until=now + OPEN_FOR)))
        elif one.state == "open":
            events.append(_ended(one, "expired"))
    return events


def _made(space: Space, command: c.TakeAct, why: Why, before: Suggestion | None, now: datetime) -> Suggestion:
    waits = why == "unanswered"
    lasts = None if command.until is None else round((command.until - now).total_seconds())
    if not command.person.account_id:
        lasts = round((measures.HOLD if command.action == "hold" else measures.BY_RULES).total_seconds())
    one = Suggestion(
        id=before.id if before is not None else f"{space.id}-s{space.suggestion_count + 1}",
        act=command.key,
        rule_id=command.rule_id,
        action=command.action,
        account_id=command.person.account_id,
        why=why,
        state="waiting" if waits else "open",
        since=now,
        until=now + (WAITS if waits else OPEN_FOR),
        lasts=lasts,
        times=1 if before is None else before.times + (before.act != command.key),
    )
    ladder = command.ladder
    if ladder is None:
        return one
    # What the circuit breaker held has given its points.
    points = 0 if why == "held" else command.terms.severity + (before.points if before is not None else 0)
    return replace(one, ladder=ladder.name, points=points, expire=ladder.expire)


def _same(space: Space, command: c.TakeAct) -> Suggestion | None:
    """The open one of the same rule on the same account, for the same ladder or action."""
    ladder = command.ladder.name if command.ladder is not None else ""
    for one in space.suggestions.values():
        about = (one.state, one.rule_id, one.account_id, one.ladder)
        same = about == ("open", command.rule_id, command.person.account_id, ladder)
        if same and (ladder or one.action == command.action):
            return one
    return None


def _can_be_done(space: Space, command: c.TakeAct) -> bool:
    """Whether there is something to confirm: whom rules spare they suggest nothing about, nor a mute of who is not heard."""
    person, action = command.person, command.action
    if action not in SANCTIONS and command.ladder is None:
        return False
    if not person.account_id:
        return space.measure(action) is None
    unheard = action in ("mute", "demote") and space.role_of(person.account_id) is Role.LISTENER
    return not unheard and not sanctions.is_exempt(space, person)


def _to_decide(space: Space, by: Principal, suggestion_id: str) -> Suggestion:
    """The open suggestion of this id, which `by` may decide on. Raises NotAllowed, NotFound, Gone or Refused."""
    require(space, by, Action.SEE_REPORTS)
    require_live(space)
    one = space.suggestions.get(suggestion_id)
    if one is None or one.state == "waiting":
        raise NotFound("suggestion", suggestion_id)
    if one.account_id and one.account_id == by.account_id:
        raise NotAllowed("this suggestion is about you", reason=one.action)
    row = ACTIONS[one.action]
    if one.action == "block" and by.account_id != space.host_id:
        raise NotAllowed("only the host may: it goes on the host's block list", reason="block")
    permission = row.permission or (Action.KICK if one.action == "block" else Action.WARN)
    if one.account_id:
        require_over(space, by, one.account_id, permission)
    else:
        require(space, by, permission)
    if one.state != "open":
        raise Refused("decided", f"this suggestion is {one.state} already")
    return one


def _done(space: Space, command: c.Confirm, one: Suggestion, order: Order) -> Events:
    person, target = command.person, one.account_id
    match one.action:
        case "warn":
            return imposed(space, "warn", target, order)
        case "mute":
            return sanctions.muted(space, person, order)
        case "demote":
            if space.role_of(target) is Role.LISTENER:
                raise Refused("not_on_stage", f"@{person.handle} does not speak here")
            return sanctions.demoted(space, target, order)
        case "kick" if target not in space.barred:
            return sanctions.kicked(space, person, command.by, order)
        case "block" if target not in space.barred:
            tail = redactions.of_tail(space, command.by, person, order.reason)
            return [*tail, *sanctions.removed(space, target, order.account_id, order.reason, barred=False)]
        case "slow" | "lock" | "hold" if space.measure(one.action) is None:
            return measures.begun(space, one.action, order, inside=command.inside)
        case _:
            return []


def _ended(one: Suggestion, how: e.SuggestionEnd, by: str = "", sanction: str = "") -> e.SuggestionEnded:
    return e.SuggestionEnded(one.id, one.rule_id, one.action, one.account_id, how, by, sanction)
