"""Redactions: what the audience of a Space with a delay is not to hear. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.checks import require_live
from spacesctl.domain.errors import Invalid, NotAllowed, NotFound, Refused
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Principal, Rule, described
from spacesctl.domain.redaction import MAX_AHEAD, MAX_OWN, MAX_PENDING, MAX_STRETCH, Redaction, Stretch
from spacesctl.domain.space import Space

Events = list[e.Event]


def redact(space: Space, command: c.Redact, now: datetime) -> Events:
    """Keep a stretch from the audience, as far as it has not aired. Raises NotAllowed, Invalid, Gone, or Refused with reason
    `not_live`, `too_many_redactions` or `nothing_to_cut`.
    """
    own = _is_own(command)
    require(space, command.by, Action.COUGH if own else Action.REDACT)
    _require_heard(space, airing=command.airing)
    require_granted(space, command.by)
    stretch = command.stretch
    if (own or command.cut) and stretch.last <= command.aired:
        raise Refused(
            "nothing_to_cut",
            "the audience has heard all of it already",
            hint="`edit SPACE --delay 4s` for the next time",
        )
    if own:  # of what was heard already nobody takes their words back: others need to know what was said
        stretch = Stretch(stretch.lane, max(stretch.first, command.aired + 1), stretch.last)
        _require_place_of_own(space, command.account_id)
    if not command.cut:  # that takes the place of all that waits
        _require_place(space)
    _require_near(stretch, command.now)
    return [made(space, command, stretch)]


def change(space: Space, command: c.ChangeRedaction, now: datetime) -> Events:
    """Move, narrow or widen a redaction, or give it another mode or reason. Raises NotAllowed, NotFound, Invalid, Gone, or Refused with
    reason `not_live` or `aired`.
    """
    found = _pending(space, command.by, command.redaction_id, command.aired, airing=command.airing)
    first = found.first if command.first is None else command.first
    last = found.last if command.last is None else command.last
    _check(Stretch(found.lane, first, last))
    _require_near(Stretch(found.lane, first, last), command.now)
    mode = command.mode or found.mode
    reason = found.reason if command.reason is None else command.reason
    if (first, last, mode, reason) == (found.first, found.last, found.mode, found.reason):
        return []
    # What was added before the audience's place is heard already; what was kept there is not.
    late = min(last, command.aired) if first < found.first and first <= command.aired else found.missed_to
    return [e.RedactionChanged(found.id, first, last, mode, late, reason)]


def withdraw(space: Space, command: c.WithdrawRedaction, now: datetime) -> Events:
    """Let the audience hear what has not aired. Raises NotAllowed, NotFound, Gone, or Refused with reason `not_live` or `aired`."""
    found = _pending(space, command.by, command.redaction_id, command.aired, airing=command.airing)
    return [e.RedactionWithdrawn(found.id)]


def miss(space: Space, command: c.MissRedaction, now: datetime) -> Events:
    """Note that a part of a redaction had aired when it came into force. Raises NotAllowed."""
    require(space, command.by, Action.MISS_REDACTION)
    found = space.redactions.get(command.redaction_id)
    if found is None or (found.missed_to is not None and found.missed_to >= command.missed_to):
        return []
    missed_to = min(found.last, command.missed_to)
    return [e.RedactionMissed(found.id, missed_to, missed_to - found.first + 1)]


def of_tail(space: Space, by: Principal, target: c.Target, reason: str) -> Events:
    """What a person said and the audience has not heard goes with them: they are removed, or a rule acts on them."""
    return [
        made(space, c.Redact(by, one, target.account_id, reason=reason, aired=one.first - 1), one, number)
        for number, one in enumerate(target.tail, 1)
    ]


def made(space: Space, command: c.Redact, stretch: Stretch, number: int = 1) -> e.RedactionMade:
    """The event of a new redaction, the `number`th of one command. Raises Invalid."""
    _check(stretch)
    redaction = Redaction(
        f"{space.id}-r{space.redaction_count + number}",
        stretch.lane,
        command.account_id,
        stretch.first,
        stretch.last,
        command.mode,
        described(command.by),
        command.reason,
        command.cut,
        min(stretch.last, command.aired) if stretch.first <= command.aired else None,
        command.number,
    )
    return e.RedactionMade(redaction, command.aired)


def _is_own(command: c.Redact) -> bool:
    return command.account_id is not None and command.account_id == command.by.account_id and not command.cut


def _require_place(space: Space) -> None:
    if len(space.redactions) >= MAX_PENDING:
        raise Refused(
            "too_many_redactions", f"{MAX_PENDING} redactions wait to be aired", hint="`dump` cuts everything"
        )


def _require_place_of_own(space: Space, account_id: str | None) -> None:
    own = [one for one in space.redactions.values() if one.is_own and one.account_id == account_id]
    if len(own) >= MAX_OWN:
        raise Refused("too_many_redactions", f"{MAX_OWN} redactions of yours wait to be aired")


def _require_near(stretch: Stretch, now: int | None) -> None:
    if now is not None and stretch.last > now + MAX_AHEAD:
        raise Invalid("to_tick", "is more than ten seconds ahead")


def _require_heard(space: Space, *, airing: bool) -> None:
    """Check that the audience still hears something. Raises Gone, or Refused with reason `not_live`."""
    if not (space.is_over and airing):
        require_live(space)


def _check(stretch: Stretch) -> None:
    if stretch.last < stretch.first:
        raise Invalid("to_tick", "is before `from_tick`")
    if stretch.last - stretch.first >= MAX_STRETCH:
        raise Invalid("to_tick", "is more than a minute after `from_tick`")


def require_granted(space: Space, by: Principal) -> None:
    """Check that a bot acts for a rule that may redact. Raises NotAllowed."""
    grant = space.grant
    if by.is_service_bot and (not isinstance(by, Rule) or grant is None or "redact" not in grant.actions):
        raise NotAllowed("the host has not granted this bot the action redact", reason=Action.REDACT.value)


def _was_made(space: Space, redaction_id: str) -> bool:
    begin, dash, number = redaction_id.rpartition("-r")
    made = number.isascii() and number.isdecimal() and len(number) < 9 and 0 < int(number) <= space.redaction_count
    return bool(dash) and begin == space.id and made


def _pending(space: Space, by: Principal, redaction_id: str, aired: int, *, airing: bool) -> Redaction:
    require(space, by, Action.REDACT)
    _require_heard(space, airing=airing)
    require_granted(space, by)
    found = space.redactions.get(redaction_id)
    if found is None and not _was_made(space, redaction_id):
        raise NotFound("redaction", redaction_id)
    if found is None or found.cut or found.last <= aired:
        raise Refused("aired", "the audience is past this stretch already, or it was withdrawn")
    if by.is_service_bot and found.by.get("kind") != Rule.kind_of_principal:
        raise NotAllowed("a person made this redaction", reason=Action.REDACT.value)
    return found
