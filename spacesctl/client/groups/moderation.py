"""Reports and the audit log."""

from __future__ import annotations

from spacesctl.api import moderation as wire
from spacesctl.api.moderation import AuditEntry, Report, WholeReport
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Listing, Operation, SyncGroup, segment
from spacesctl.domain.words import ReportState


def _report(new: wire.NewReport, *, idempotency_key: str | None = None) -> Call[wire.FiledReport]:
    """Report a person or a Space."""
    return Call("POST", "/v1/reports", wire.FiledReport, new, idempotency_key=idempotency_key)


def _reports(state: ReportState | None = None) -> Call[Page[Report]]:
    """Reports on the Spaces that the caller hosts or hosted, newest first."""
    return Call("GET", "/v1/reports", Page[Report], parameters={"state": state})


def _get_report(report_id: str) -> Call[WholeReport]:
    """One report with all its evidence."""
    return Call("GET", f"/v1/reports/{segment(report_id)}", WholeReport)


def _decide(report_id: str, decision: wire.ReportDecision) -> Call[WholeReport]:
    """Uphold or dismiss a report, or open it again."""
    return Call("PATCH", f"/v1/reports/{segment(report_id)}", WholeReport, decision)


def _clip(report_id: str) -> Call[bytes]:
    """The evidence clip of a report, Ogg Opus."""
    return Call("GET", f"/v1/reports/{segment(report_id)}/clip", bytes, media="audio/ogg")


def _audit() -> Call[Page[AuditEntry]]:
    """What the caller did and what was done in their Spaces, newest first."""
    return Call("GET", "/v1/audit", wire.AuditLog)


def _verify_audit(head: str | None = None) -> Call[wire.AuditCheck]:
    """Check the hash chains of the audit log, its checkpoints, and a head that was written down."""
    return Call("GET", "/v1/audit/verify", wire.AuditCheck, parameters={"head": head})


class _Calls:
    report = Operation(_report)
    reports = Listing(_reports)
    get_report = Operation(_get_report)
    decide = Operation(_decide)
    clip = Operation(_clip)
    audit = Listing(_audit)
    verify_audit = Operation(_verify_audit)


class Moderation(_Calls, SyncGroup):
    """`client.moderation`."""


class AsyncModeration(_Calls, AsyncGroup):
    """`client.moderation`."""
