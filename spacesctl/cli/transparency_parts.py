"""The parts of the Commission's template for transparency reports (Implementing Regulation (EU) 2024/2835, Annex I) that can be filled
from figures and statements: 4 notices, 6 own-initiative moderation by terms and conditions, 7 complaints, 8 automated means.

Column names are the template's, also where they end in a space. A cell that nobody here knows is empty: it is not 0.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spacesctl.api.transparency import Figure, Statement

Row = Sequence[str]
TOTAL: Final = "TOTAL"
_BEGIN: Final = ("Applicability", "Service", "Reporting period")
_OTHER: Final = 'Description of the sub-category "Other"'
_NOTICES: Final = (
    "Number of notices received ",
    "Number of notices received from Trusted flaggers",
    "Number of specific items of information included in the total number of notices",
    "Number of specific items of information included in the total number of notices by Trusted Flaggers (Trusted Flagger notices)",
    "Median time to take action",
    "Median time to take action (Trusted Flagger notices)",
    "Number of actions taken on the basis of the law",
    "Number of actions taken on the basis of the law (Trusted Flagger notices)",
    "Number of actions taken on the basis of the terms and conditions of the service",
    "Number of actions taken on the basis of the terms and conditions of the service (Trusted Flagger notices)",
)
_MEASURES: Final = (
    "Number of measures taken at the provider's own initiative ",
    "Number of measures taken after detection with solely automated means ",
    "Visibility restriction Removal",
    "Visibility restriction Disable",
    "Visibility restriction Demoted",
    "Visibility restriction Age restricted",
    "Visibility restriction Interaction restricted",
    "Visibility restriction Labelled ",
    "Visibility restriction Other",
    "Monetary restriction Suspension",
    "Monetary restriction Termination",
    "Monetary restriction Other",
    "Provision of the service Suspension",
    "Provision of the service Termination",
    "Account restriction Suspension",
    "Account restriction Termination",
)
_KINDS: Final[Mapping[str, str]] = {
    "DECISION_VISIBILITY_CONTENT_REMOVED": "Visibility restriction Removal",
    "DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED": "Visibility restriction Interaction restricted",
    "DECISION_PROVISION_PARTIAL_SUSPENSION": "Provision of the service Suspension",
    "DECISION_ACCOUNT_SUSPENDED": "Account restriction Suspension",
    "DECISION_ACCOUNT_TERMINATED": "Account restriction Termination",
}
"""In which column a statement's decision is counted. The other columns are of what this server cannot do, and 0."""
_TABLE: Final = (*_BEGIN, "Section", "Indicator", "Scope", "Value", "Contextual Information")
_COMPLAINTS: Final = "Internal complaints mechanism"
_COMPLAINED: Final = "Number of complaints submitted to the internal-complaints mechanism"
_AUTOMATED: Final = "Use of automated means for content moderation"
_BY_RULES: Final = "Number of measures solely taken by automated means"
_BY_PEOPLE: Final = "Number of measures not taken by automated means"


@dataclass(frozen=True)
class Part:
    """A file of the template."""

    name: str
    header: Row
    rows: Sequence[Row]


def parts(
    figures: Iterable[Figure], statements: Iterable[Statement], service: str, first: str, last: str
) -> list[Part]:
    """The files that can be filled, for a service of this name, of the days from `first` to `last`."""
    begin = ("", service, f"{first}/{last}")
    found = {(one.section, one.figure, one.detail): one.value for one in figures}
    counted = _count(statements)
    return [
        Part("4_notices.csv", _with_context("Category of illegal content", _NOTICES, "Contextual information on "), _notices(begin, found)),
        Part(
            "6_own_initiative_TC.csv",
            _with_context(
                "Category of incompatibility with the provider's terms and conditions", _MEASURES, "Contextual Information on "
            ),
            _measures(begin, counted),
        ),
        Part("7_appeals_and_recidivism.csv", _TABLE, _complaints(begin, found)),
        Part("8_automated_means.csv", _TABLE, _means(begin, counted)),
    ]  # fmt: skip


def _with_context(category: str, columns: Row, context: str) -> Row:
    return (*_BEGIN, category, _OTHER, *columns, *(f"{context}{one}" for one in columns))


@dataclass(frozen=True)
class _Counted:
    """Of all statements: how many by who decided; of those without a notice: how many of each kind, by category."""

    decided: Counter[tuple[str, str]]
    own: Mapping[str, Counter[str]]


def _count(statements: Iterable[Statement]) -> _Counted:
    decided, own = Counter[tuple[str, str]](), defaultdict[str, Counter[str]](Counter)
    for one in statements:
        is_own = one.source_type == "SOURCE_VOLUNTARY"
        how = _BY_RULES if one.automated_decision == "AUTOMATED_DECISION_FULLY" else _BY_PEOPLE
        for scope in ("Total number", "Own-initiative" if is_own else "Notices"):
            decided[how, scope] += 1
        if is_own:
            for category in (one.category, TOTAL):
                own[category].update(_columns(one))
    return _Counted(decided, own)


def _columns(one: Statement) -> list[str]:
    kinds = [*(one.decision_visibility or ()), one.decision_provision, one.decision_account]
    found = [_MEASURES[0], *(_KINDS[kind] for kind in kinds if kind is not None)]
    return [*found, _MEASURES[1]] if one.automated_detection == "Yes" else found


def _notices(begin: Row, found: Mapping[tuple[str, str, str], float]) -> list[Row]:
    categories = sorted(
        detail for section, figure, detail in found if (section, figure) == ("notices", "received") and detail
    )
    rows = list[Row]()
    for category in (*categories, TOTAL):
        detail = "" if category == TOTAL else category
        received, upheld, hours = (
            _number(found.get(("notices", figure, detail)))
            for figure in ("received", "upheld", "median hours until decided")
        )
        cells = (received, "", received, "", hours, "", "", "", upheld, "")
        rows.append((*begin, category, "", *cells, *("" for _ in _NOTICES)))
    return rows


def _measures(begin: Row, counted: _Counted) -> list[Row]:
    categories = sorted(one for one in counted.own if one != TOTAL)
    return [
        (*begin, category, "", *(_number(counted.own.get(category, Counter())[one]) for one in _MEASURES), *("" for _ in _MEASURES))
        for category in (*categories, TOTAL)
    ]  # fmt: skip


def _complaints(begin: Row, found: Mapping[tuple[str, str, str], float]) -> list[Row]:
    scopes = {
        "Total number": found.get(("appeals", "filed", ""), 0),
        "Decisions upheld": found.get(("appeals", "filed", "now denied"), 0),
        "Decisions partially reversed": 0,
        "Decisions reversed": found.get(("appeals", "filed", "now granted"), 0),
        "Median time": found.get(("appeals", "median hours until decided", "")),
    }
    return [(*begin, _COMPLAINTS, _COMPLAINED, scope, _number(value), "") for scope, value in scopes.items()]


def _means(begin: Row, counted: _Counted) -> list[Row]:
    return [
        (*begin, _AUTOMATED, how, scope, _number(counted.decided[how, scope]), "")
        for how in (_BY_RULES, _BY_PEOPLE)
        for scope in ("Total number", "Own-initiative", "Notices")
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
