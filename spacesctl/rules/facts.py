"""What rules may ask besides words: facts of sound and of conduct, with their bounds.

A fact is about one account, or about the Space. Some *find* somebody, as a level does; others only narrow what was found, as the age of an
account does: nobody is to be acted on because their account is young.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from spacesctl.domain.conduct import MOST_REACTIONS, MOST_REQUESTS

About = Literal["account", "space"]
Unit = Literal["dBFS", "share", "count", "time"]
Sign = Literal[">=", ">", "<=", "<"]
SIGNS: Final[Mapping[Sign, str]] = MappingProxyType({
    ">=": "at least", ">": "more than", "<=": "at most", "<": "less than",
})  # fmt: skip
"""How each is said."""
SIGN: Final[Mapping[str, Sign]] = MappingProxyType({sign: sign for sign in SIGNS})
"""Each by how it is written."""

_TIMES: Final = ((86400, "d"), (3600, "h"), (60, "m"))
_SIGN: Final = "(>=|>|<=|<)"
NUMBER: Final = re.compile(rf"{_SIGN}\s*(-?\d{{1,6}}(?:\.\d{{1,4}})?)")
TIME: Final = re.compile(rf"{_SIGN}\s*(\d{{1,7}})(ms|s|m|h|d)")
MOST: Final[Mapping[Unit, tuple[float, float]]] = MappingProxyType({
    "dBFS": (-127.0, 0.0), "share": (0.0, 1.0), "count": (0.0, 100_000.0), "time": (0.0, 3650 * 86400.0),
})  # fmt: skip
"""From where to where a bound may lie."""


@dataclass(frozen=True)
class Fact:
    """`says` is what it is, in a sentence that ends with its bound. `finds`: whether a rule without words may find somebody by it."""

    name: str
    about: About
    unit: Unit
    says: str
    finds: bool = True
    each: int = 0
    """How much one account counts at most; 0: there is no such bound."""

    @property
    def pattern(self) -> re.Pattern[str]:
        """How its bound is written."""
        return TIME if self.unit == "time" else NUMBER

    @property
    def example(self) -> str:
        """A bound, as it is written in a rule file."""
        return {"dBFS": ">=-12", "share": ">=0.5", "count": ">=60", "time": ">=90s"}[self.unit]


_ROWS = (
    Fact("level_db", "account", "dBFS", "the level of their talk in the last 3 s"),
    Fact("clipping", "account", "share", "the share of their talk in the last 5 s that reaches full scale"),
    Fact("noise", "account", "dBFS", "the noise at their microphone, which is its quietest moment in the last 3 to 6 s,"),
    Fact("continuous_talk", "account", "time", "the time for which they have talked without a pause of 2 s"),
    Fact("talk_share", "account", "share", "their share of all talk in the last 2 minutes"),
    Fact("crosstalk", "account", "share", "the share of their talk in the last 30 s that is over somebody who was talking"),
    Fact("reports", "account", "count", "the weight of reports about them in the last 10 minutes"),
    Fact("account_age", "account", "time", "the age of their account", finds=False),
    Fact("in_space_for", "account", "time", "the time since they first came into the Space", finds=False),
    Fact("joins_per_minute", "space", "count", "the number of accounts that first came into the Space in the last minute"),
    Fact(
        "never_seen_share", "space", "share",
        "the share of accounts that no Space of this server has seen before, among those that came in the last minute,",
    ),
    Fact(
        "reactions_per_minute", "space", "count",
        f"the number of reactions in the last minute, of each account {MOST_REACTIONS} at most,", each=MOST_REACTIONS,
    ),
    Fact(
        "requests_per_minute", "space", "count",
        f"the number of requests to speak in the last minute, of each account {MOST_REQUESTS} at most,", each=MOST_REQUESTS,
    ),
)  # fmt: skip
FACTS: Final[Mapping[str, Fact]] = MappingProxyType({fact.name: fact for fact in _ROWS})
"""All facts by name."""


@dataclass(frozen=True)
class Condition:
    """A bound on a fact. Times are in seconds."""

    name: str
    sign: Sign
    value: float
    line: int = 0

    @property
    def fact(self) -> Fact:
        """What it is about."""
        return FACTS[self.name]

    def holds(self, value: float | None) -> bool:
        """Whether a value is within the bound. What is not known never is."""
        if value is None:
            return False
        match self.sign:
            case ">=":
                return value >= self.value
            case ">":
                return value > self.value
            case "<=":
                return value <= self.value
            case "<":
                return value < self.value

    def __str__(self) -> str:
        return f"{self.name} {self.sign}{in_unit(self.value, self.fact.unit)}"

    def sentence(self) -> str:
        """In plain words."""
        unit = self.fact.unit
        return f"{self.fact.says} is {SIGNS[self.sign]} {in_unit(self.value, unit)}{' dBFS' if unit == 'dBFS' else ''}"


def in_unit(value: float, unit: Unit) -> str:
    """A value as people read it: `90s` and `2d` for times."""
    if unit != "time":
        return f"{round(value, 2):g}"
    for size, name in _TIMES:
        if value >= size and value % size == 0:
            return f"{value / size:g}{name}"
    return f"{round(value, 3):g}s"


def as_found(fact: Fact, value: float) -> str:
    """A fact with its value, rounded as people need it: `level_db -8.3 dBFS`, `account_age 2.5d`."""
    if fact.unit == "dBFS":
        return f"{fact.name} {round(value, 1):g} dBFS"
    if fact.unit != "time":
        return f"{fact.name} {round(value, 2):g}"
    size, name = next((one for one in _TIMES if value >= one[0]), (1, "s"))
    return f"{fact.name} {round(value / size, 1):g}{name}"


def needed(conditions: Iterable[Condition], about: About) -> list[Condition]:
    """Those that are about one account, or about the Space."""
    return [one for one in conditions if one.fact.about == about]
