"""What an operator publishes: statements of reasons for restrictions, and figures of a year. No legal claim is made with either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import grounds
from spacesctl.application.app import App
from spacesctl.domain.clock import is_in_calendar, parse_rfc3339
from spacesctl.domain.errors import Invalid
from spacesctl.domain.transparency import EEA, Action, Decision, Restriction, Statement, statement
from spacesctl.domain.transparency import category_of as _category
from spacesctl.store import restrictions, sanctions
from spacesctl.store.restrictions import KeptRestriction

MOST_DAYS: Final = 800
"""Of one question: two years and some."""
PAGE: Final = 100
"""Statements at once; as many as the database takes in one request."""
_ACTIONS: Final[dict[str, Action]] = {
    "redact": "redact", "mute": "mute", "demote": "demote", "kick": "kick", "block": "block", "suspend": "suspend", "delete": "delete",
}  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One number. `detail` says of what kind, and is empty for all kinds."""

    section: str
    figure: str
    detail: str
    value: float


Cursor = tuple[datetime, str]


async def statements(
    app: App, first: date, last: date, after: Cursor | None, territory: Sequence[str], language: str | None
) -> tuple[list[Statement], Cursor | None]:
    """Statements of what began on these days (UTC, both included), the oldest first, at most `PAGE`; and where the next page begins. Raises
    Invalid.
    """
    begin, end = _instants(first, last)
    _require_places(territory, language)
    async with app.db.read() as db:
        rows = await restrictions.page(db, begin, end, after, PAGE)
        made = [statement(await _restriction(db, row), territory, language) for row in rows]
    return made, (rows[-1].at, rows[-1].id) if len(rows) == PAGE else None


async def figures(app: App, first: date, last: date) -> list[Figure]:
    """How much was reported, restricted, appealed and reversed on these days (UTC, both included). Raises Invalid."""
    begin, end = _instants(first, last)
    async with app.db.read() as db:
        found = await _of_reports(db, begin, end)
        by_decision: Counter[tuple[str, Decision]] = Counter()
        after: Cursor | None = None
        while rows := await restrictions.page(db, begin, end, after, PAGE):
            by_decision.update((row.action, _decision(row)) for row in rows)
            after = rows[-1].at, rows[-1].id
        found += [
            Figure("restrictions", action, f"decided {_DECIDED[how]}", count)
            for (action, how), count in sorted(by_decision.items())
        ]
        return found + await _of_appeals(
            db, begin, end, sum(n for (_, how), n in by_decision.items() if how == "fully")
        )


_DECIDED: Final[dict[Decision, str]] = {
    "fully": "by a rule",
    "partially": "by a person, found by a rule",
    "not": "by a person",
}


async def _of_reports(db: AsyncConnection, begin: datetime, end: datetime) -> list[Figure]:
    rows = await restrictions.reported(db, begin, end)
    by_people = [row for row in rows if not row[1]]
    categories = Counter(category for category, *_ in by_people)
    states = Counter(state for _, _, state, _ in by_people)
    waited = [seconds for *_, seconds in by_people if seconds is not None]
    return [
        Figure("reports", "by people", "", len(by_people)),
        *(Figure("reports", "by people", category, count) for category, count in sorted(categories.items())),
        *(Figure("reports", "by people", f"now {state}", count) for state, count in sorted(states.items())),
        Figure("reports", "by rules", "", len(rows) - len(by_people)),
        *_hours("reports", waited),
        *_notices([(_category(category), state, seconds) for category, _, state, seconds in by_people]),
    ]


def _notices(rows: list[tuple[str, str, float | None]]) -> list[Figure]:
    """Reports by people once more, by the categories of the Commission's template, and of all."""
    found = list[Figure]()
    for category in ("", *sorted({category for category, *_ in rows})):
        mine = [row for row in rows if category in ("", row[0])]
        found += [
            Figure("notices", "received", category, len(mine)),
            Figure("notices", "upheld", category, sum(state == "upheld" for _, state, _ in mine)),
            *_hours("notices", [seconds for *_, seconds in mine if seconds is not None], category),
        ]
    return found


async def _of_appeals(db: AsyncConnection, begin: datetime, end: datetime, automatic: int) -> list[Figure]:
    rows = await restrictions.appealed(db, begin, end)
    states = Counter(state for state, *_ in rows)
    reversed_ = sum(1 for state, by_rule, _ in rows if by_rule and state == "granted")
    return [
        Figure("appeals", "filed", "", len(rows)),
        *(Figure("appeals", "filed", f"now {state}", count) for state, count in sorted(states.items())),
        *_hours("appeals", [seconds for *_, seconds in rows if seconds is not None]),
        Figure("automated means", "restrictions by rules alone", "", automatic),
        Figure("automated means", "of them appealed with success", "", reversed_),
    ]


def _hours(section: str, seconds: list[float], detail: str = "") -> list[Figure]:
    if not seconds:
        return []
    return [Figure(section, "median hours until decided", detail, round(median(seconds) / 3600, 2))]


async def _restriction(db: AsyncConnection, row: KeptRestriction) -> Restriction:
    report = None
    if row.action in restrictions.OF_AN_ACCOUNT:
        report = await grounds.report_of(db, await sanctions.get(db, row.id))
    until = parse_rfc3339(row.said_until) if row.said_until is not None else row.until
    ends = [at for at in (until, row.lifted_at) if at is not None]
    return Restriction(
        id=row.id,
        action=_ACTIONS[row.action],
        at=row.at,
        until=min(ends) if ends else None,
        rule=await _rule(db, row),
        decision=_decision(row),
        category=report.category if report is not None else None,
        reported=report is not None and report.rule is None,
        is_business=row.is_business,
    )


def _decision(row: KeptRestriction) -> Decision:
    """A rule acted by itself, or a person confirmed what it had suggested: then the sanction has the act's key."""
    if row.principal.get("kind") == "rule":
        return "fully"
    return "partially" if row.evidence else "not"


async def _rule(db: AsyncConnection, row: KeptRestriction) -> str | None:
    if row.principal.get("kind") == "rule":
        return row.principal.get("id")
    if not row.evidence:
        return None
    act = await grounds.act_of(db, await sanctions.get(db, row.id))
    return act[1].rule_id if act is not None else None


def _instants(first: date, last: date) -> tuple[datetime, datetime]:
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC)
    in_calendar = is_in_calendar(begin) and is_in_calendar(end)
    if not (in_calendar and timedelta(0) <= end - begin <= timedelta(days=MOST_DAYS)):
        raise Invalid("last", f"must not be before `first`, nor more than {MOST_DAYS} days after it")
    return begin, end + timedelta(days=1)


def _require_places(territory: Sequence[str], language: str | None) -> None:
    if not territory or set(territory) - set(EEA):
        raise Invalid("territory", "must be countries of the European Economic Area, such as DE,FR")
    if language is not None and not (
        len(language) == 2 and language.isascii() and language.isalpha() and language.isupper()
    ):
        raise Invalid("language", "must be two capital letters, such as EN")
