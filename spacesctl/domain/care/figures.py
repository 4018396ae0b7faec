"""The figures of customer care, by the formulas of the field (docs/care.md). Of nothing there is no figure: None, and not 0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean

from spacesctl.domain.care.call import ZERO
from spacesctl.domain.care.records import CallRecord, Span
from spacesctl.domain.care.settings import CareSettings

FIRST_CONTACT = timedelta(days=7)


@dataclass(frozen=True)
class Figures:
    """Figures of the calls that came in a time. Times are in seconds, rates are shares of 1.

    `offered` is without those who left within the short time, `queued` with them. `service_level` leaves those out, `service_level_all`
    does not. `abandonment` is of answered and abandoned calls, without short ones; callbacks are none. `occupancy` is the share of the
    agents' time at work that they talked or wrote up. `fcr`: handled calls whose caller did not call again about the same topic or ticket
    in 7 days.
    """

    queued: int = 0
    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    short: int = 0
    timed_out: int = 0
    callbacks: int = 0
    waiting: int = 0
    asa: float | None = None
    service_level: float | None = None
    service_level_all: float | None = None
    abandonment: float | None = None
    mean_abandon_time: float | None = None
    aht: float | None = None
    talk: float | None = None
    hold: float | None = None
    wrapup: float | None = None
    longest_wait: float | None = None
    no_answer_rate: float | None = None
    transfer_rate: float | None = None
    occupancy: float | None = None
    fcr: float | None = None
    csat: float | None = None
    rated: float | None = None


def figures(
    calls: Sequence[CallRecord],
    spans: Iterable[Span],
    settings: CareSettings,
    begin: datetime,
    end: datetime,
    *,
    later: Sequence[CallRecord] = (),
    ratings: dict[str, int] | None = None,
) -> Figures:
    """Of the calls that came from `begin` until before `end`; `later` are those in which their callers may have called again; `ratings` are
    1 to 5, by call."""
    mine = [one for one in calls if begin <= one.queued_at < end]
    answered = [one for one in mine if one.answered_at is not None]
    left = [one for one in mine if one.outcome == "abandoned" and one.answered_at is None]
    short = [one for one in left if _waited(one) < settings.short_abandon]
    long = [one for one in left if _waited(one) >= settings.short_abandon]
    within = sum(_waited(one) <= settings.sla_within for one in answered)
    talks = [talk for one in answered for talk in one.talks]
    handled = [one for one in answered if one.ended_at is not None]
    scores = [ratings[one.id] for one in handled if ratings and one.id in ratings]
    return Figures(
        queued=len(mine),
        offered=len(mine) - len(short),
        answered=len(answered),
        abandoned=len(left),
        short=len(short),
        timed_out=sum(one.outcome == "timed_out" for one in mine),
        callbacks=sum(one.outcome == "callback" for one in mine),
        waiting=sum(one.outcome is None and one.answered_at is None for one in mine),
        asa=_mean(_waited(one) for one in answered),
        service_level=_share(within, len(mine) - len(short)),
        service_level_all=_share(within, len(mine)),
        abandonment=_share(len(long), len(answered) + len(long)),
        mean_abandon_time=_mean(_waited(one) for one in left),
        aht=_mean(sum((talk.handled for talk in one.talks), ZERO) for one in handled),
        talk=_mean(sum((talk.talk for talk in one.talks), ZERO) for one in handled),
        hold=_mean(sum((talk.hold for talk in one.talks), ZERO) for one in handled),
        wrapup=_mean(sum((talk.wrapup for talk in one.talks), ZERO) for one in handled),
        longest_wait=max((_waited(one).total_seconds() for one in mine if one.waited is not None), default=None),
        no_answer_rate=_share(sum(one.no_answers for one in mine), sum(one.no_answers for one in mine) + len(talks)),
        transfer_rate=_share(sum(len(one.talks) > 1 for one in answered), len(answered)),
        occupancy=occupancy(spans, begin, end),
        fcr=_share(sum(_is_last(one, later or calls) for one in handled), len(handled)),
        csat=_share(sum(score >= 4 for score in scores), len(scores)),
        rated=_share(len(scores), len(handled)),
    )


def occupancy(spans: Iterable[Span], begin: datetime, end: datetime) -> float | None:
    """The share of the agents' time at work, without breaks, that they talked or wrote up."""
    busy = work = ZERO
    for span in spans:
        spent = max(ZERO, min(span.end or end, end) - max(span.begin, begin))
        if span.state in ("on_call", "wrapup"):
            busy += spent
        if span.state in ("on_call", "wrapup", "available", "offered"):
            work += spent
    return None if work <= ZERO else busy / work


def _waited(one: CallRecord) -> timedelta:
    return one.waited or ZERO


def _is_last(one: CallRecord, calls: Iterable[CallRecord]) -> bool:
    """Whether a call settled it: no other came of the same ticket, or of the caller about the topic."""
    until = (one.ended_at or one.queued_at) + FIRST_CONTACT
    return not any(
        one.queued_at < other.queued_at <= until
        and (
            (one.ticket and other.ticket == one.ticket) or (other.caller_id, other.topic) == (one.caller_id, one.topic)
        )
        for other in calls
    )


def _mean(values: Iterable[timedelta]) -> float | None:
    found = [one.total_seconds() for one in values]
    return fmean(found) if found else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
