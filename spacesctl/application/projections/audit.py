"""Which events are entered in the audit log, and how. Transcripts are never entered."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.principals import Principal
from spacesctl.domain.sanction import EVERYBODY
from spacesctl.domain.space import Space
from spacesctl.domain.words import InviteState
from spacesctl.live.outcome import Outcome
from spacesctl.store import audit
from spacesctl.store.audit import Entry

_EFFECTS = (e.ServerMuted, e.ServerUnmuted, e.RoleChanged, e.Removed, e.Readmitted)
"""What sanctions and their ends do."""


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Enter the events in the audit log."""
    said = {event.account_id for event in outcome.events if isinstance(event, e.SanctionImposed | e.SanctionLifted)}
    for event in outcome.events:
        if isinstance(event, _EFFECTS) and event.account_id in said:
            continue  # the sanction says it
        if (entry := _entry(outcome.after, event, outcome.by)) is not None:
            await audit.append(db, entry, outcome.at)


def _entry(space: Space, event: e.Event, actor: Principal) -> Entry | None:
    match event:
        case e.SpaceCreated():
            return Entry("space.create", actor, space.id)
        case e.SpaceStarted():
            return Entry("space.start", actor, space.id)
        case e.SpaceEnded():
            return Entry("space.end", actor, space.id)
        case e.SpaceMissed():
            return Entry("space.miss", actor, space.id)
        case e.SpaceCanceled():
            return Entry("space.cancel", actor, space.id)
        case e.SpaceEdited():
            return Entry("space.edit", actor, space.id)
        case e.InviteAnswered(account_id, InviteState.REVOKED):
            return Entry("uninvite", actor, space.id, account_id)
        case e.PolicyChanged(policy):
            return Entry("policy", actor, space.id, None, {"policy": policy.value})
        case e.CaptionsSwitched(on):
            return Entry("captions", actor, space.id, None, {"on": on})
        case e.ChatChanged(chat, every, aloud):
            return Entry("chat", actor, space.id, None, {"chat": chat.value, "every": f"{every} s", "aloud": aloud})
        case e.TextErased(number, account_id):
            return Entry("text.erase", actor, space.id, account_id, {"number": number})
        case e.TextMasked(number, account_id, _, _, rule):
            return Entry("text.mask", actor, space.id, account_id, {"number": number, "rule": rule})
        case e.Invited(invite):
            return Entry("invite", actor, space.id, invite.account_id, {"role": invite.role.value})
        case e.HandLowered(account_id, outcome) if outcome != "withdrawn":
            return Entry(f"request.{outcome}", actor, space.id, account_id)
        case e.RoleChanged(account_id, role, demoted):
            return Entry("demote" if demoted else "role", actor, space.id, account_id, {"role": role.value})
        case e.HostChanged(account_id, _, reason):
            return Entry("host", actor, space.id, account_id, {"reason": reason})
        case e.HostAway(account_id):
            return Entry("host.away", actor, space.id, account_id)
        case e.HostBack(account_id):
            return Entry("host.back", actor, space.id, account_id)
        case e.HostLeft(account_id):
            return Entry("host.left", actor, space.id, account_id)
        case e.ServerMuted(account_id, _, reason):
            return Entry("mute", actor, space.id, account_id, {"reason": reason})
        case e.ServerUnmuted(account_id, _):
            return Entry("unmute", actor, space.id, account_id)
        case e.Removed(account_id, _, reason, barred):
            return Entry("kick" if barred else "remove", actor, space.id, account_id, {"reason": reason})
        case e.RulesSet(rules_hash, grant):
            body = {"rules": rules_hash, "actions": sorted(grant.actions) if grant else []}
            return Entry("rules", actor, space.id, grant.bot_id if grant else None, body)
        case e.ActTaken(key, rule_id, mode, action, account_id):
            body = {"rule": rule_id, "mode": mode, "action": action, "key": key, "for": space.host_id}
            return Entry("act", actor, space.id, account_id or None, body)
        case e.SuggestionMade(one) if one.why == "unanswered" and one.state == "open":
            body = {"suggestion": one.id, "rule": one.rule_id, "action": one.action, "key": one.act}
            return Entry("suggestion.unanswered", actor, space.id, one.account_id or None, body)
        case e.SuggestionEnded(suggestion_id, rule_id, action, account_id, how, _, sanction) if how != "answered":
            body = {"suggestion": suggestion_id, "rule": rule_id, "action": action, "sanction": sanction or None}
            return Entry(f"suggestion.{how}", actor, space.id, account_id or None, body)
        case e.BreakerTripped(account_id):
            return Entry("breaker", actor, space.id, account_id or None, {"for": space.host_id})
        case e.Pinned(pin):
            return Entry("share", actor, space.id, None, {"kind": pin.kind, "pin": pin.id})
        case e.Unpinned(pin_id):
            return Entry("unshare", actor, space.id, None, {"pin": pin_id})
        case e.RecordingStarted(recording):
            return Entry(
                "record.start", actor, space.id, None, {"recording": recording.id, "kind": recording.kind.value}
            )
        case e.RecordingStopped(recording_id, reason):
            return Entry("record.stop", actor, space.id, None, {"recording": recording_id, "reason": reason})
        case e.SanctionImposed(sanction):
            until = rfc3339(sanction.until) if sanction.until is not None else None
            body = {"sanction": sanction.id, "reason": sanction.reason, "until": until}
            body |= {"every": f"{sanction.every} s"} if sanction.every is not None else {}
            body |= {"with": sanction.came_with} if sanction.came_with else {}
            return Entry(_of_all(sanction.action, sanction.target), actor, space.id, sanction.target or None, body)
        case e.SanctionLifted(sanction_id, action, account_id, how):
            what = f"{action}.replace" if how == "replaced" else "unmute" if action == "mute" else f"{action}.undo"
            body = {"sanction": sanction_id, "how": how}
            return Entry(_of_all(what, account_id), actor, space.id, account_id or None, body)
        case e.AppealFiled(appeal_id, sanction_id, _, account_id):
            return Entry("appeal", actor, space.id, account_id, {"appeal": appeal_id, "sanction": sanction_id})
        case e.AppealDecided(appeal_id, sanction_id, _, account_id, granted):
            body = {"appeal": appeal_id, "sanction": sanction_id, "state": "granted" if granted else "denied"}
            return Entry("appeal.decide", actor, space.id, account_id, body)
        case e.ReportAssigned(report_id, assignee_id, account_id):
            body = {"report": report_id, "assignee": assignee_id}
            return Entry("report.assign", actor, space.id, account_id, body)
        case e.ReportNoted(report_id, account_id):
            return Entry("report.note", actor, space.id, account_id, {"report": report_id})
        case e.ReportDecided(report_id, state, _, _, account_id):
            return Entry("report.decide", actor, space.id, account_id, {"report": report_id, "state": state})
        case e.EvidenceKept(report_id, clip, account_id):
            return Entry("evidence", actor, space.id, account_id, {"report": report_id, "clip": clip})
        case e.ReportFiled(report_id, category, account_id):
            return Entry("report", actor, space.id, account_id, {"report": report_id, "category": category})
        case _:
            return None


def _of_all(what: str, target: str) -> str:
    """The name of an entry; a measure's has `all`, such as `mute.all`."""
    return what if target != EVERYBODY else f"{what}.all"
