"""Whether a rule acts on an offence: repeats and cooldowns, and the circuit breaker of automatic sanctions. Pure, like all of `decide`.

All of it is counted in the Space, so that neither a bot that was killed nor a rule file that was pushed makes it forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.actions import SANCTIONS
from spacesctl.domain.offence import USUAL, Offender, RuleSanction
from spacesctl.domain.redaction import Stretch
from spacesctl.domain.space import Space
from spacesctl.domain.words import RuleMode

WINDOW: Final = timedelta(minutes=5)
"""In which the circuit breaker counts."""
MOST_OFFENDERS: Final = 500
"""Pairs of a rule and an account that are kept. Of more those are forgotten that were counted first."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of an act: its `mode`, and the events that count the offence or tell that the breaker holds it."""

    mode: RuleMode
    events: tuple[e.Event, ...] = ()


def verdict(space: Space, command: c.TakeAct, now: datetime) -> Verdict:
    """Judge one act of a rule. Each action of an offence is an act, and asks again: the answer is the same."""
    if command.mode == "unconfirmed":
        return Verdict("unconfirmed")  # nobody knows whether it was an offence
    acts, counted = _counted(space, command)
    if command.mode == "waiting":
        return Verdict("waiting" if acts else "counted")  # it is counted when it is known
    if not acts:
        return Verdict("counted", counted)
    if command.mode != "enforce" or command.action not in SANCTIONS:
        return Verdict(command.mode, counted)
    held = _held(space, command, now)
    if held is None:
        return Verdict("enforce", counted)
    tripped = () if _known(space, held, now) else (e.BreakerTripped(held, now + WINDOW),)
    return Verdict("held", (*counted, *tripped))


def _counted(space: Space, command: c.TakeAct) -> tuple[bool, tuple[e.Event, ...]]:
    """Whether the rule acts on this offence, and what counts it if it is a new one."""
    terms = command.terms
    if not terms.counts:
        return True, ()
    here = Stretch(command.lane, command.start_tick, command.end_tick)
    known = space.offenders.get(key(command.rule_id, command.person.account_id))
    if known is not None and known.acted is not None and known.acted.meets(here):
        return True, ()  # another action of the same offence, or the same words again
    if known is not None and (here.last < known.quiet_until or any(one.meets(here) for one in known.counted)):
        return False, ()
    since = here.last - terms.within if terms.within else 0
    before = [one for one in known.counted if one.last >= since] if known is not None else []
    acts = len(before) + 1 >= terms.times
    quiet = here.last + terms.cooldown if acts and terms.cooldown else 0
    counted = e.OffenceCounted(
        command.rule_id, command.person.account_id, here.lane, here.first, here.last, acts, since, quiet
    )
    return acts, (counted,)


def _held(space: Space, command: c.TakeAct, now: datetime) -> str | None:
    """Whom the circuit breaker holds: the account alone, or all (an empty text). None: nobody."""
    limits = space.grant.breaker if space.grant is not None else USUAL
    recent = [one for one in space.rule_sanctions if now - one.at < WINDOW]
    if len(recent) >= limits.most:
        return ""
    target = command.person.account_id
    if target and sum(one.account_id == target for one in recent) >= limits.each:
        return target
    is_last = 1 < limits.most == len(recent) + 1
    return "" if is_last and command.terms.severity < limits.severest else None


def _known(space: Space, held: str, now: datetime) -> bool:
    """Whether staff have been told of that already."""
    return any(space.tripped.get(one, now) > now for one in {held, ""})


def key(rule_id: str, account_id: str) -> str:
    """Under which an offender is kept."""
    return f"{rule_id} {account_id}"


def counted(space: Space, event: e.OffenceCounted) -> Space:
    """The Space after an offence."""
    name = key(event.rule_id, event.account_id)
    before = space.offenders.get(name, Offender(event.rule_id, event.account_id))
    here = Stretch(event.lane, event.first, event.last)
    if event.acts:
        after = replace(before, counted=(), acted=here, quiet_until=event.quiet_until)
    else:
        after = replace(before, counted=(*(one for one in before.counted if one.last >= event.since), here))
    others = [(one, kept) for one, kept in space.offenders.items() if one != name]
    return replace(space, offenders=dict([*others[-(MOST_OFFENDERS - 1) :], (name, after)]))


def acted(space: Space, event: e.ActTaken, now: datetime) -> Space:
    """The Space after an act: of sanctions the breaker counts each."""
    if event.mode != "enforce" or event.action not in SANCTIONS:
        return space
    recent = tuple(one for one in space.rule_sanctions if now - one.at < WINDOW)
    return replace(space, rule_sanctions=(*recent, RuleSanction(now, event.account_id)))


def tripped(space: Space, event: e.BreakerTripped, now: datetime) -> Space:
    """The Space after staff were told that the breaker holds somebody."""
    still = {one: until for one, until in space.tripped.items() if until > now}
    return replace(space, tripped={**still, event.account_id: event.until})
