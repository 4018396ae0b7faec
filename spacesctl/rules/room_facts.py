"""The facts of a Space at one moment, by name: those of its sound, and those of conduct, which the server knows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.rules.facts import Condition, as_found
from spacesctl.rules.room_sound import RoomSound
from spacesctl.rules.ruleset import Rule


@dataclass(frozen=True)
class KnownPerson:
    """What the server knows of an account. `born_tick` is that at which it was made, which is before the Space began for most, and
    `came_tick` that at which it first came into the Space. `reports` is the weight of those about it."""

    account_id: str
    role: str
    kind: str
    born_tick: int
    came_tick: int
    reports: float = 0.0


@dataclass(frozen=True)
class Conduct:
    """What happened in the last minute, and what is known of people, at a tick."""

    tick: int
    joins: int = 0
    never_seen: int = 0
    reactions: int = 0
    requests: int = 0
    people: Mapping[str, KnownPerson] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """Somebody whom rules may be about; an empty account is the Space. `lane` 0: they have no microphone open."""

    account_id: str = ""
    lane: int = 0
    role: str = "listener"
    kind: str = "person"


THE_SPACE: Final = Subject()


class RoomFacts:
    """Feed it what is told; then `holds` says whether conditions do. What is not known does not hold."""

    def __init__(self) -> None:
        self.sound = RoomSound()
        self.conduct: Conduct | None = None

    def forget(self) -> None:
        """The connection is new: what was told of conduct may be old."""
        self.conduct = None

    def holds(self, rule: Rule, one: Subject, tick: int, said: tuple[int, int] | None = None) -> bool:
        """Whether the conditions of a rule on sound and conduct hold for somebody, at a tick. The level is that of what they `said` (first
        and last tick), if anything."""
        if not all(self._is_met(each, one, tick, said) for each in rule.all_of):
            return False
        return not rule.any_of or any(self._is_met(each, one, tick, said) for each in rule.any_of)

    def told(self, rule: Rule, one: Subject, tick: int) -> str:
        """The facts that a rule asks for, as people read them."""
        names = dict.fromkeys(each.fact for each in (*rule.all_of, *rule.any_of))
        values = ((fact, self.value(fact.name, one, tick)) for fact in names)
        return ", ".join(as_found(fact, value) for fact, value in values if value is not None)

    def subjects(self, open_lanes: Iterable[Subject]) -> list[Subject]:
        """Those with an open microphone, and then those who were reported and have none."""
        found = {one.account_id: one for one in open_lanes}
        for one in self.conduct.people.values() if self.conduct is not None else ():
            if one.reports > 0 and one.account_id not in found:
                found[one.account_id] = Subject(one.account_id, 0, one.role, one.kind)
        return list(found.values())

    def value(self, name: str, one: Subject, tick: int, said: tuple[int, int] | None = None) -> float | None:
        """A fact of somebody, in its unit; None if it is not known."""
        if name == "level_db" and said is not None:
            return self.sound.level(one.lane, *said)
        return _VALUES[name](self, one, tick)

    def person(self, account_id: str) -> KnownPerson | None:
        """What the server has told of an account."""
        return self.conduct.people.get(account_id) if self.conduct is not None else None

    def _is_met(self, one: Condition, subject: Subject, tick: int, said: tuple[int, int] | None) -> bool:
        return one.holds(self.value(one.name, subject, tick, said))


Value = Callable[[RoomFacts, Subject, int], float | None]


def _reports(facts: RoomFacts, one: Subject, _: int) -> float | None:
    known = facts.person(one.account_id)
    return known.reports if known is not None else None


def _account_age(facts: RoomFacts, one: Subject, tick: int) -> float | None:
    known = facts.person(one.account_id)
    return max(0, tick - known.born_tick) / TICKS_PER_SECOND if known is not None else None


def _in_space_for(facts: RoomFacts, one: Subject, tick: int) -> float | None:
    known = facts.person(one.account_id)
    return max(0, tick - known.came_tick) / TICKS_PER_SECOND if known is not None else None


def _never_seen_share(facts: RoomFacts, _: Subject, __: int) -> float | None:
    """Of nobody it is not known."""
    told = facts.conduct
    return told.never_seen / told.joins if told is not None and told.joins else None


def _count(of: Callable[[Conduct], int]) -> Value:
    return lambda facts, _, __: of(facts.conduct) if facts.conduct is not None else None


_VALUES: Final[Mapping[str, Value]] = MappingProxyType({
    "level_db": lambda facts, one, _: facts.sound.level_lately(one.lane),
    "clipping": lambda facts, one, _: facts.sound.clipping(one.lane),
    "noise": lambda facts, one, _: facts.sound.noise(one.lane),
    "continuous_talk": lambda facts, one, tick: facts.sound.continuous_talk(one.lane, tick),
    "talk_share": lambda facts, one, _: facts.sound.talk_share(one.lane),
    "crosstalk": lambda facts, one, _: facts.sound.crosstalk(one.lane),
    "reports": _reports,
    "account_age": _account_age,
    "in_space_for": _in_space_for,
    "joins_per_minute": _count(lambda told: told.joins),
    "never_seen_share": _never_seen_share,
    "reactions_per_minute": _count(lambda told: told.reactions),
    "requests_per_minute": _count(lambda told: told.requests),
})  # fmt: skip
"""One small function for each fact."""
