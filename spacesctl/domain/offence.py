"""Offences: what was counted of somebody who broke a rule, and the sanctions that rules took lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from spacesctl.domain.redaction import Stretch


@dataclass(frozen=True)
class Terms:
    """When a rule acts: on each `times`-th offence of an account within so many ticks (0: however long ago), and then not again for
    `cooldown` ticks. Ticks are of 20 ms on the Space clock."""

    times: int = 1
    within: int = 0
    cooldown: int = 0
    severity: int = 1

    @property
    def counts(self) -> bool:
        """Whether offences are counted at all: otherwise each is acted on."""
        return self.times > 1 or self.cooldown > 0


AT_ONCE: Final = Terms()
"""Each offence is acted on."""


@dataclass(frozen=True)
class Offender:
    """What is counted of one account and one rule: offences since the rule acted last, the oldest first, and the one at which it did."""

    rule_id: str
    account_id: str
    counted: tuple[Stretch, ...] = ()
    acted: Stretch | None = None
    quiet_until: int = 0
    """The tick up to which the rule does not act on them again."""


@dataclass(frozen=True)
class RuleSanction:
    """A sanction that a rule took, for the circuit breaker."""

    at: datetime
    account_id: str


@dataclass(frozen=True)
class BreakerLimits:
    """`most` sanctions of rules in five minutes, of which the last is kept for a rule of the severity `severest`."""

    most: int = 5
    severest: int = 1

    @property
    def each(self) -> int:
        """How many of them one account may have: more than half, so that one person alone does not stop the rules for all others."""
        return self.most // 2 + 1


USUAL: Final = BreakerLimits()
