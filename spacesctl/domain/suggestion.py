"""A suggestion: what a rule would do, and a person decides on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Why = Literal["suggested", "held", "unanswered"]
"""The rule only suggests; the circuit breaker held it; or no second recognition answered, since its bot was killed."""
SuggestionState = Literal["waiting", "open", "confirmed", "dismissed", "expired"]
"""`waiting`: for its second recognition. Then it is nobody's to decide on."""

UNDECIDED: Final = frozenset({"waiting", "open"})


@dataclass(frozen=True)
class Suggestion:
    """The action of a rule on an account; on the Space where `account_id` is empty. `act` is the key of the newest of the `times` acts that
    asked for it. `lasts` are seconds (None: until the Space ends), from when it is confirmed.
    """

    id: str
    act: str
    rule_id: str
    action: str
    account_id: str
    why: Why
    state: SuggestionState
    since: datetime
    until: datetime
    """When it expires; of one that waits: when its second recognition is given up."""
    lasts: int | None = None
    times: int = 1
    ladder: str = ""
    points: int = 0
    """What it gives on the ladder when it is confirmed, for `expire` seconds."""
    expire: int = 0
    by: str = ""
    """The account that decided on it."""
    sanction: str = ""
    """The id of what it became."""
