"""Redactions: what the audience of a Space with a delay is not to hear. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.checks import require_live
from spacesctl.domain.errors import Invalid, NotAllowed, NotFound, Refused
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Principal, Rule, described
from spacesctl.domain.redaction import MAX_PENDING, MAX_STRETCH, Redaction, Stretch
from spacesctl.domain.space import Space

Events = list[e.Event]


def redact(space: Space, command: c.Redact, now: datetime) -> Events:
    """Keep a stretch from the audience, as far as it has not aired. Raises NotAllowed, Invalid, Gone, or Refused with reason
    `not_live`, `too_many_redactions` or `nothing_to_cut`.
    """
    own = command.account_id is not None and command.account_id == command.by.account_id and not command.cut
    require(space, command.by, Action.COUGH if own else Action.REDACT)
    require_live(space)
    _require_granted(space, command.by)
    if command.cut and command.stretch.last <= command.aired:
        raise Refused(
            "nothing_to_cut",
            "the audience has heard all of it already",
            hint="`edit SPACE --delay 4s` for the next time",
        )
    require_place(space)
    return [made(space, command, command.stretch)]


def change(space: Space, command: c.ChangeRedaction, now: datetime) -> Events:
    """Move, narrow or widen a redaction, or give it another mode. Raises NotAllowed, NotFound, Invalid, Gone, or Refused with reason
    `not_live` or `aired`.
    """
    found = _pending(space, command.by, command.redaction_id, command.aired)
    first = found.first if command.first is None else command.first
    last = found.last if command.last is None else command.last
    _check(Stretch(found.lane, first, last))
    mode = command.mode or found.mode
    if (first, last, mode) == (found.first, found.last, found.mode):
        return []
    # What was added before the audience's place is heard already; what was kept there is not.
    late = min(last, command.aired) if first < found.first and first <= command.aired else found.missed_to
    return [e.RedactionChanged(found.id, first, last, mode, late)]


def withdraw(space: Space, command: c.WithdrawRedaction, now: datetime) -> Events:
    """Let the audience hear what has not aired. Raises NotAllowed, NotFound, Gone, or Refused with reason `not_live` or `aired`."""
    return [e.RedactionWithdrawn(_pending(space, command.by, command.redaction_id, command.aired).id)]


def miss(space: Space, command: c.MissRedaction, now: datetime) -> Events:
    """Note that a part of a redaction had aired when it came into force. Raises NotAllowed."""
    require(space, command.by, Action.MISS_REDACTION)
    found = space.redactions.get(command.redaction_id)
    if found is None or (found.missed_to is not None and found.missed_to >= command.missed_to):
        return []
    return [e.RedactionMissed(found.id, min(found.last, command.missed_to))]


def of_tail(space: Space, by: Principal, target: c.Target, reason: str) -> Events:
    """What a person said and the audience has not heard goes with them: they are removed, or a rule acts on them."""
    left = max(0, MAX_PENDING - len(space.redactions))
    return [
        made(space, c.Redact(by, one, target.account_id, reason=reason, aired=one.first - 1), one, number)
        for number, one in enumerate(target.tail[:left], 1)
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
    )
    return e.RedactionMade(redaction, command.aired)


def require_place(space: Space) -> None:
    """Check that one more redaction can wait to be aired. Raises Refused with reason `too_many_redactions`."""
    if len(space.redactions) >= MAX_PENDING:
        raise Refused(
            "too_many_redactions", f"{MAX_PENDING} redactions wait to be aired", hint="`dump` cuts everything"
        )


def _check(stretch: Stretch) -> None:
    if stretch.last < stretch.first:
        raise Invalid("to_tick", "is before `from_tick`")
    if stretch.last - stretch.first >= MAX_STRETCH:
        raise Invalid("to_tick", "is more than a minute after `from_tick`")


def _require_granted(space: Space, by: Principal) -> None:
    grant = space.grant
    if by.is_service_bot and (not isinstance(by, Rule) or grant is None or "redact" not in grant.actions):
        raise NotAllowed("the host has not granted this bot the action redact", reason=Action.REDACT.value)


def _pending(space: Space, by: Principal, redaction_id: str, aired: int) -> Redaction:
    require(space, by, Action.REDACT)
    require_live(space)
    _require_granted(space, by)
    found = space.redactions.get(redaction_id)
    if found is None and not redaction_id.startswith(f"{space.id}-r"):
        raise NotFound("redaction", redaction_id)
    if found is None or found.cut or found.last <= aired:
        raise Refused("aired", "the audience is past this stretch already, or it was withdrawn")
    if by.is_service_bot and found.by.get("kind") != Rule.kind_of_principal:
        raise NotAllowed("a person made this redaction", reason=Action.REDACT.value)
    return found
