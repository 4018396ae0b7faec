"""How much reports weigh that people have filed. Pure.

A report is worth what staff have found of its reporter's earlier ones: a new reporter's weighs 1, one whose reports were all upheld comes
towards 2, and one whose reports were all dismissed towards 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from spacesctl.domain.errors import TooMany
from spacesctl.domain.space import Space
from spacesctl.domain.words import Role

WINDOW: Final = timedelta(minutes=10)
"""In which reports about somebody are added up."""
HOUR: Final = timedelta(hours=1)
MOST_BY_ONE: Final = 5
"""Reports by one account about the same one, or about a Space, in an hour."""
MOST_ABOUT_ONE: Final = 100
"""Reports by people about one account in a Space in an hour."""
MOST_IN_A_SPACE: Final = 300
"""Reports by people in a Space in an hour."""


@dataclass(frozen=True)
class Filed:
    """How many reports people have filed in a Space in the last hour: in all, about one target, and by one account about that; `oldest` is
    when the first of them was."""

    in_all: int
    about: int
    by_one: int
    oldest: datetime | None = None


def require_few(filed: Filed, now: datetime) -> None:
    """Check that one more is not too many. What was filed is kept. Raises TooMany."""
    wait = 1 if filed.oldest is None else max(1, ceil((filed.oldest + HOUR - now).total_seconds()))
    if filed.by_one >= MOST_BY_ONE:
        raise TooMany("reports of yours about the same; those that you filed are kept", wait)
    if filed.about >= MOST_ABOUT_ONE:
        raise TooMany("reports about the same; its moderators have those that were filed", wait)
    if filed.in_all >= MOST_IN_A_SPACE:
        raise TooMany("reports in this Space; its moderators have those that were filed", wait)


@dataclass(frozen=True)
class Record:
    """How many of a reporter's reports staff have upheld and dismissed."""

    upheld: int = 0
    dismissed: int = 0

    @property
    def weight(self) -> float:
        """What a report of theirs weighs, more than 0 and less than 2. (Twice the rule of succession.)"""
        return 2 * (self.upheld + 1) / (self.upheld + self.dismissed + 2)


def is_of_record(space: Space, reporter: str, target: str | None, *, blocked: bool) -> bool:
    """Whether what staff find of a report, filed now, says something of its reporter: not of one by the staff itself, nor about oneself,
    nor by somebody whom the staff has removed. So nobody makes or spoils a record in a Space of their own.
    """
    out = blocked or reporter in space.barred
    return not out and reporter != target and space.role_of(reporter).rank < Role.COHOST.rank


NEW: Final = Record()


def weights(filed: Iterable[tuple[str, str]], records: Mapping[str, Record]) -> dict[str, float]:
    """The weight of reports, given as (reporter, target), by target. Nobody counts twice about the same account."""
    found = dict[str, float]()
    for reporter, target in dict.fromkeys(filed):
        found[target] = found.get(target, 0.0) + records.get(reporter, NEW).weight
    return found
