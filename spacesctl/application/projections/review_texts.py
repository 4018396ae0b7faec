"""Who is told of reports and appeals, and in which words. Nobody learns here who reported them."""

from __future__ import annotations

from spacesctl.application.projections.notice_context import Context, Notice, Writer
from spacesctl.application.projections.phrases import because, then_can
from spacesctl.domain import events as e
from spacesctl.domain.actions import ACTIONS
from spacesctl.domain.words import Role

_MEANS = {
    "upheld": "its moderators found that it was right.",
    "dismissed": "its moderators found nothing in it.",
}
"""What a decision on a report says of whom it is about."""


def _report_filed(c: Context, event: e.ReportFiled) -> list[Notice]:
    """Staff learn of a person's report; of a rule's, its act tells."""
    if event.act:
        return []
    whom = f"{c.name(event.account_id)} in {c.title}" if event.account_id else c.title
    text = (
        f"{c.name(event.by)} reported {whom} ({event.category}). `spacesctl reports show {event.report_id}` shows it."
    )
    staff = {one.account_id for one in c.space.people.values() if one.role is Role.COHOST} | {c.space.host_id}
    return [Notice(one, text) for one in sorted(staff - {event.account_id, event.by})]


def _report_assigned(c: Context, event: e.ReportAssigned) -> list[Notice]:
    """Who looks after it now, and who did; not the one who says so."""
    about = f"report {event.report_id} in {c.title}"
    told = []
    if event.assignee_id is not None:
        text = f"You look after {about} now. `spacesctl reports show {event.report_id}` shows it."
        told.append(Notice(event.assignee_id, text, across=True))
    if event.before_id is not None:
        told.append(Notice(event.before_id, f"You look after {about} no longer.", across=True))
    return told


def _report_decided(c: Context, event: e.ReportDecided) -> list[Notice]:
    """Who filed it, with the reason; whom it is about, without it, since it may tell who reported; and who looks after it."""
    if event.state == "open":
        return []
    whom = f"{c.name(event.account_id)} in {c.title}" if event.account_id else c.title
    mine = f"Your report about {whom} was {event.state}{because(c.words_to(event.reporter_id, event.note))}"
    told = [Notice(event.reporter_id, mine, across=True)]
    by_appeal = any(isinstance(other, e.AppealDecided) for other in c.outcome.events)  # that tells them
    if event.account_id is not None and not by_appeal:
        text = f"A report about you in {c.title} was {event.state}: {_MEANS[event.state]}"
        told.append(Notice(event.account_id, text, across=True))
    if event.assignee_id not in (None, event.reporter_id):
        text = f"Report {event.report_id} in {c.title}, which you look after, was {event.state}{c.by}."
        told.append(Notice(event.assignee_id or "", text, across=True))
    return told


def _appeal_filed(c: Context, event: e.AppealFiled) -> list[Notice]:
    """Who may decide on it: the staff, and operators where there is nobody else than who imposed the sanction."""
    about = c.appealed[event.sanction_id]
    cohosts = set() if c.space.is_over else {one.account_id for one in c.space.with_role(Role.COHOST)}
    staff = {c.space.host_id, *cohosts} - {event.account_id}
    told = staff if staff - {about.by_id} else staff | c.operators
    text = (
        f"{c.name(event.account_id)} appeals being {_done(event.action)} {c.title} at {about.since:%H:%M} UTC. "
        f"`spacesctl appeals show {event.appeal_id}` shows it."
    )
    return [Notice(one, text, across=True) for one in sorted(told - {event.account_id})]


def _appeal_decided(c: Context, event: e.AppealDecided) -> list[Notice]:
    """Who appealed, and who had reported them; the other does not learn of either."""
    done, why = _done(event.action), because(c.words_to(event.account_id, event.reason))
    whom = c.name(event.account_id)
    if event.granted:
        undone = ACTIONS[event.action].undone
        is_lifted = any(
            isinstance(one, e.SanctionLifted) and one.account_id == event.account_id for one in c.outcome.events
        )
        then = f" You are {undone} {c.title}.{then_can(c, event.action)}" if is_lifted and undone else ""
        mine = f"Your appeal of being {done} {c.title} was granted: it is taken back{why}{then}"
    else:
        mine = f"Your appeal of being {done} {c.title} was denied{why}"
    told = [Notice(event.account_id, mine, across=True)]
    reporter = c.appealed[event.sanction_id].reporter_id
    dismissed = any(isinstance(one, e.ReportDecided) for one in c.outcome.events)  # that says it
    if reporter is not None and not dismissed:
        outcome = "granted: it was taken back" if event.granted else "denied: it stays"
        text = f"{whom}, whom you reported, was {done} {c.title} and appealed. The appeal was {outcome}."
        told.append(Notice(reporter, text, across=True))
    return told


def _done(action: str) -> str:
    return ACTIONS[action].done


WRITERS: dict[type[e.Event], Writer] = {
    e.ReportFiled: _report_filed,
    e.ReportAssigned: _report_assigned,
    e.ReportDecided: _report_decided,
    e.AppealFiled: _appeal_filed,
    e.AppealDecided: _appeal_decided,
}
"""By type of event."""
