"""What may be done about somebody: one table, from which permissions, grants, verbs, notices and the documentation come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from spacesctl.domain.permissions import Action


class Granted(StrEnum):
    """How a rule comes to take an action in the host's name."""

    ALWAYS = "always"
    """Every grant has it: it touches nobody."""
    USED = "used"
    """The grant of a rule file that uses it."""
    ALLOWED = "allowed"
    """Only when the host allows it to the rule by name."""
    SUGGESTED = "suggested"
    """Rules may only suggest it: a person decides."""


@dataclass(frozen=True)
class ModerationAction:
    """One row. `permission` is what a person needs (None: nobody takes it directly), `undo` what undoing it needs; `done` and `undone`
    complete "you were ... the Space"; a sanction lasts until it ends, is undone or expires.
    """

    name: str
    done: str
    granted: Granted
    doc: str
    permission: Action | None = None
    undo: Action | None = None
    undone: str = ""
    is_measure: bool = False
    """Whether it can be on the Space: then it concerns all whom the caller is above, also who comes later."""

    @property
    def is_sanction(self) -> bool:
        return self.undo is not None or self.name == "block"


_ROWS = (
    ModerationAction("log", "noted in", Granted.ALWAYS, "writes an entry, and nothing else"),
    ModerationAction("alert", "told about in", Granted.ALWAYS, "the host and the co-hosts are told at once"),
    ModerationAction(
        "redact", "silenced for the audience of", Granted.USED, "the audience does not hear the words, if they have not aired yet"
    ),
    ModerationAction("report", "reported in", Granted.ALWAYS, "files a report with evidence", Action.REPORT),
    ModerationAction(
        "warn", "warned in", Granted.USED, "the person is told, and it is on record",
        Action.WARN, Action.WARN, "no longer warned in",
    ),
    ModerationAction(
        "slow", "slowed down in", Granted.USED, "each account may send one request to speak or one reaction in so many seconds",
        Action.SLOW, Action.SLOW, is_measure=True,
    ),
    ModerationAction(
        "hold", "held back in", Granted.SUGGESTED, "who comes on stage is muted until it ends",
        Action.HOLD, Action.HOLD, is_measure=True,
    ),
    ModerationAction(
        "mute", "muted in", Granted.USED, "nobody hears the person, who cannot undo it",
        Action.MUTE, Action.UNMUTE, "no longer muted in", is_measure=True,
    ),
    ModerationAction(
        "demote", "made a listener in", Granted.ALLOWED, "a speaker becomes a listener, and needs an approval to speak again",
        Action.DEMOTE, Action.DEMOTE, "free to speak again in", is_measure=True,
    ),
    ModerationAction(
        "lock", "locked out of", Granted.USED, "nobody new joins; who is in stays, and who is invited may come",
        Action.LOCK, Action.LOCK, is_measure=True,
    ),
    ModerationAction(
        "kick", "removed from", Granted.ALLOWED, "the person leaves the Space and stays out until it ends",
        Action.KICK, Action.KICK, "free to come back to",
    ),
    ModerationAction(
        "block", "removed and blocked from", Granted.ALLOWED, "the host's block list: no joining, no messages", undone="no longer blocked",
    ),
)  # fmt: skip
ACTIONS: Mapping[str, ModerationAction] = MappingProxyType({row.name: row for row in _ROWS})
"""All actions by name, the mildest first."""
BY_RULES = tuple(ACTIONS)
"""What rules may do, where that is granted, or suggest, the mildest first."""
ONLY_SUGGESTED = frozenset(name for name, row in ACTIONS.items() if row.granted is Granted.SUGGESTED)
"""What no rule does by itself."""
BY_STEPS = tuple(name for name in BY_RULES if ACTIONS[name].is_sanction and name not in ("slow", "hold", "lock"))
"""What the steps of a ladder may do, the mildest first: sanctions on one person."""
LADDER = "ladder:"
"""What comes before a ladder's name where it stands for an action."""
MEASURES = tuple(name for name, row in ACTIONS.items() if row.is_measure)
"""What can be on the Space itself."""
ABOUT_A_SPACE = ("log", "alert", "slow", "hold", "lock")
"""What a rule may do that has found nobody, but something about the Space."""
SANCTIONS = frozenset(name for name, row in ACTIONS.items() if row.is_sanction)
"""What takes something from a person: only these count in a rule file's circuit breaker."""


def is_sanction(action: str) -> bool:
    """Whether it takes something from a person, as the steps of a ladder do."""
    return action in SANCTIONS or action.startswith(LADDER)


ALWAYS_GRANTED = frozenset(name for name, row in ACTIONS.items() if row.granted is Granted.ALWAYS)
ONLY_IF_ALLOWED = frozenset(name for name, row in ACTIONS.items() if row.granted is Granted.ALLOWED)
