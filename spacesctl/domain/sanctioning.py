"""How a sanction begins, and what ends with it. Pure, like all of `decide`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from spacesctl.domain import events as e
from spacesctl.domain.errors import Invalid
from spacesctl.domain.sanction import Sanction
from spacesctl.domain.space import Space
from spacesctl.domain.words import Role

Events = list[e.Event]


@dataclass(frozen=True)
class Order:
    """Who orders a sanction (as `principals.described` has it), why, until when; `evidence` is the key of the act that led to it,
    `came_with` the action of the measure that did.
    """

    by: Mapping[str, str | None]
    reason: str
    until: datetime | None
    now: datetime
    evidence: str = ""
    every: int | None = None
    came_with: str = ""
    erases: bool = False
    mutes_dms: bool = False
    report_id: str = ""

    @property
    def account_id(self) -> str:
        """The account whose act it is: a person's, a rule's bot; empty for the server."""
        return self.by.get("bot_id" if self.by["kind"] == "rule" else "id") or ""


def made(space: Space, action: str, target: str, order: Order, number: int = 1) -> Sanction:
    """A new sanction, the `number`th of one command. Raises Invalid when its time is over already."""
    if order.until is not None and order.until <= order.now:
        raise Invalid("duration", "is over already")
    return Sanction(
        f"{space.id}-{space.sanction_count + number}",
        action,
        target,
        order.by,
        order.reason,
        order.now,
        order.until,
        order.evidence,
        order.every,
        order.came_with,
        order.erases,
        order.mutes_dms,
        order.report_id,
    )


def imposed(space: Space, action: str, target: str, order: Order, number: int = 1) -> Events:
    """The event that begins a sanction, and the end of those of its kind that it replaces."""
    one = made(space, action, target, order, number)
    return [*(lifted(before, "replaced") for before in space.sanctions_on(target, action)), e.SanctionImposed(one)]


def lifted(sanction: Sanction, how: str, reason: str = "", *, wrong: bool = False) -> e.SanctionLifted:
    """The event that ends a sanction."""
    return e.SanctionLifted(sanction.id, sanction.action, sanction.target, how, reason, wrong)


def effects_end(space: Space, sanction: Sanction) -> Events:
    """What ends with a sanction on a person: a server mute, the need for an approval, the bar."""
    target = sanction.target
    person = space.people.get(target)
    match sanction.action:
        case "mute" if person is not None and person.server_muted:
            return [e.ServerUnmuted(target, "")]
        case "demote" if person is not None and person.demoted:
            return [e.RoleChanged(target, person.role, demoted=False)]
        case "kick" if target in space.barred:
            # The kick took the role away as well; a demotion of its own still holds.
            was_demoted = person is not None and person.demoted and not space.sanctions_on(target, "demote")
            return [e.Readmitted(target), *([e.RoleChanged(target, Role.LISTENER)] if was_demoted else [])]
        case _:
            return []
