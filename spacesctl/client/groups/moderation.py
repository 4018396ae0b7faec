"""Reports and the audit log."""

from __future__ import annotations

from spacesctl.api import moderation as wire
from spacesctl.api import review
from spacesctl.api.moderation import AuditEntry, Report, WholeReport
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Listing, Operation, SyncGroup, segment
from spacesctl.domain.words import AppealState, ReportState


def _report(new: wire.NewReport, *, idempotency_key: str | None = None) -> Call[wire.FiledReport]:
    """Report a person or a Space."""
    return Call("POST", "/v1/reports", wire.FiledReport, new, idempotency_key=idempotency_key)


def _reports(
    state: ReportState | None = None, *, space_id: str | None = None, assignee: str | None = None
) -> Call[Page[Report]]:
    """Reports on the Spaces that the caller hosts or hosted, newest first: of this state, on this Space, that this account (`me` is the
    caller) looks after."""
    parameters = {"state": state, "space_id": space_id, "assignee": assignee}
    return Call("GET", "/v1/reports", Page[Report], parameters=parameters)


def _own_reports() -> Call[Page[wire.OwnReport]]:
    """The reports that the caller has filed, newest first, with what was decided on them."""
    return Call("GET", "/v1/accounts/me/reports", Page[wire.OwnReport])


def _get_report(report_id: str) -> Call[WholeReport]:
    """One report with all its evidence."""
    return Call("GET", f"/v1/reports/{segment(report_id)}", WholeReport)


def _decide(report_id: str, decision: wire.ReportDecision) -> Call[WholeReport]:
    """Uphold or dismiss a report, or open it again."""
    return Call("PATCH", f"/v1/reports/{segment(report_id)}", WholeReport, decision)


def _assign(report_id: str, account: str) -> Call[WholeReport]:
    """Have somebody look after a report."""
    new = review.Assignment(account=account)
    return Call("PUT", f"/v1/reports/{segment(report_id)}/assignee", WholeReport, new)


def _unassign(report_id: str) -> Call[WholeReport]:
    """Have nobody look after a report."""
    return Call("DELETE", f"/v1/reports/{segment(report_id)}/assignee", WholeReport)


def _note(report_id: str, text: str, *, idempotency_key: str | None = None) -> Call[review.ReportNote]:
    """Write a note on a report."""
    path, new = f"/v1/reports/{segment(report_id)}/notes", review.NewNote(text=text)
    return Call("POST", path, review.ReportNote, new, idempotency_key=idempotency_key)


def _clip(report_id: str) -> Call[bytes]:
    """The evidence clip of a report, Ogg Opus."""
    return Call("GET", f"/v1/reports/{segment(report_id)}/clip", bytes, media="audio/ogg")


def _get_sanction(sanction_id: str) -> Call[review.WholeSanction]:
    """One sanction with what it stands on."""
    return Call("GET", f"/v1/sanctions/{segment(sanction_id)}", review.WholeSanction)


def _sanction_clip(sanction_id: str) -> Call[bytes]:
    """The sound of a sanction: what its target said, Ogg Opus."""
    return Call("GET", f"/v1/sanctions/{segment(sanction_id)}/clip", bytes, media="audio/ogg")


def _appeal(sanction_id: str, text: str = "") -> Call[review.OwnAppeal]:
    """Appeal a sanction on the caller."""
    new = review.NewAppeal(text=text)
    return Call("POST", f"/v1/sanctions/{segment(sanction_id)}/appeal", review.OwnAppeal, new)


def _appeals(state: AppealState | None = None) -> Call[Page[review.Appeal]]:
    """Appeals that the caller may decide on, newest first."""
    return Call("GET", "/v1/appeals", Page[review.Appeal], parameters={"state": state})


def _get_appeal(appeal_id: str) -> Call[review.Appeal]:
    """One appeal."""
    return Call("GET", f"/v1/appeals/{segment(appeal_id)}", review.Appeal)


def _decide_appeal(appeal_id: str, decision: review.AppealDecision) -> Call[review.Appeal]:
    """Grant an appeal or deny it."""
    return Call("PATCH", f"/v1/appeals/{segment(appeal_id)}", review.Appeal, decision)


def _regressions(space_id: str | None = None) -> Call[Page[review.RegressionCase]]:
    """What the caller's rules are not to find again, newest first."""
    return Call("GET", "/v1/regressions", Page[review.RegressionCase], parameters={"space_id": space_id})


def _audit() -> Call[Page[AuditEntry]]:
    """What the caller did and what was done in their Spaces, newest first."""
    return Call("GET", "/v1/audit", wire.AuditLog)


def _verify_audit(head: str | None = None) -> Call[wire.AuditCheck]:
    """Check the hash chains of the audit log, its checkpoints, and a head that was written down."""
    return Call("GET", "/v1/audit/verify", wire.AuditCheck, parameters={"head": head})


class _Calls:
    report = Operation(_report)
    reports = Listing(_reports)
    own_reports = Listing(_own_reports)
    get_report = Operation(_get_report)
    decide = Operation(_decide)
    assign = Operation(_assign)
    unassign = Operation(_unassign)
    note = Operation(_note)
    clip = Operation(_clip)
    get_sanction = Operation(_get_sanction)
    sanction_clip = Operation(_sanction_clip)
    appeal = Operation(_appeal)
    appeals = Listing(_appeals)
    get_appeal = Operation(_get_appeal)
    decide_appeal = Operation(_decide_appeal)
    regressions = Listing(_regressions)
    audit = Listing(_audit)
    verify_audit = Operation(_verify_audit)


class Moderation(_Calls, SyncGroup):
    """`client.moderation`."""


class AsyncModeration(_Calls, AsyncGroup):
    """`client.moderation`."""
