"""Reports, rules, acts of rules, and the audit log."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import Field
from sqlalchemy import Row

from spacesctl.application import acts, reports
from spacesctl.application.evidence import CLIP_AFTER, CLIP_BEFORE
from spacesctl.application.once import Once
from spacesctl.application.rulesets import MAX_RULES, set_rules
from spacesctl.domain.accounts import Account
from spacesctl.domain.actions import BY_RULES
from spacesctl.domain.clock import parse_rfc3339, rfc3339
from spacesctl.domain.errors import Invalid, NotFound
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.server.http.body import Body
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once
from spacesctl.server.http.routes.events import Word
from spacesctl.server.http.services import Here, ServiceBot, Services, SignedIn
from spacesctl.store import accounts, audit
from spacesctl.store import reports as report_store
from spacesctl.store import rulesets as ruleset_store
from spacesctl.store import spaces as space_store

router = APIRouter(prefix="/v1", tags=["moderation"])
PAGE = 100


class NewReport(Body):
    """The body of `POST /reports`."""

    space_id: str
    account: str | None = None
    category: str = "other"
    note: str = Field("", max_length=2_000)


ReportState = Literal["open", "upheld", "dismissed"]


class ReportDecision(Body):
    """The body of `PATCH /reports/{report_id}`."""

    state: ReportState
    note: str = Field("", max_length=2_000)
    """The reporter is told it."""


class Rules(Body):
    """The body of `PUT /spaces/{space_id}/rules`."""

    text: str | None = Field(max_length=MAX_RULES)
    filename: str = Field("rules.toml", max_length=200)


class Clip(Body):
    """The seconds of evidence before and after an act."""

    before: float = Field(CLIP_BEFORE, ge=0, le=60)
    after: float = Field(CLIP_AFTER, ge=0, le=30)


class NewAct(Body):
    """The body of `POST /spaces/{space_id}/acts`. Ticks are of 20 ms on the Space clock."""

    key: str = Field(min_length=1, max_length=128)
    rule_id: str = Field(max_length=64)
    rule_hash: str = Field(max_length=64)
    mode: Literal["shadow", "held", "enforce"]
    action: Annotated[str, Field(json_schema_extra={"enum": list(BY_RULES)})]
    account_id: str
    lane: int
    start_tick: int
    end_tick: int
    words: Annotated[list[Word], Field(max_length=200)]
    confidence: float
    engine: str = Field(max_length=100)
    model: str = Field(max_length=200)
    evidence: Clip = Field(default_factory=lambda: Clip(before=CLIP_BEFORE, after=CLIP_AFTER))


@router.post("/reports", status_code=201)
async def file_report(app: Here, caller: SignedIn, body: NewReport, idempotency_key: IdempotencyKey = None) -> Any:
    """Report a person in a Space or, without `account`, the Space. The last 30 s of the person's lane are stored as evidence."""
    return await answer_once(app, caller, idempotency_key, "reports", body, partial(_file, app, caller, body))


async def _file(app: Services, caller: Person, body: NewReport, once: Once) -> dict[str, Any]:
    app.rates.by_account("report", caller)

    keep = once.keeping(lambda answer: answer)
    return await reports.file_report(app, caller, body.space_id, body.account, body.category, body.note, keep)


@router.get("/reports")
async def list_reports(
    app: Here, caller: SignedIn, state: ReportState | None = None, cursor: str | None = None
) -> dict[str, Any]:
    """Reports on Spaces that the caller hosts or hosted, newest first: of this state, or all. Admins see those on all Spaces."""
    try:
        before = parse_rfc3339(cursor) if cursor else None
    except ValueError as error:
        raise Invalid("cursor", "is not a cursor that this list returned") from error
    async with app.db.read() as db:
        mine = None if caller.is_admin else set(await space_store.hosted(db, caller.account_id or "", over=True))
        rows = await report_store.list_reports(db, space_ids=mine, state=state, before=before, limit=PAGE)
        known = await accounts.by_ids(db, {i for row in rows for i in (row.target_id, row.reporter_id) if i})
    return {
        "data": [_report(row, known) for row in rows],
        "next": rfc3339(rows[-1].at) if len(rows) == PAGE else None,
    }


@router.get("/reports/{report_id}")
async def get_report(app: Here, caller: SignedIn, report_id: str) -> dict[str, Any]:
    """One report with all its evidence."""
    row = await _reviewable(app, caller, report_id)
    async with app.db.read() as db:
        known = await accounts.by_ids(db, {i for i in (row.target_id, row.reporter_id) if i})
    return {**_report(row, known), "evidence": row.body}


@router.patch("/reports/{report_id}")
async def decide_report(app: Here, caller: SignedIn, report_id: str, body: ReportDecision) -> dict[str, Any]:
    """Uphold or dismiss a report, or open it again. Who filed it is told."""
    await reports.decide_report(app, caller, report_id, body.state, body.note)
    return await get_report(app, caller, report_id)


@router.get("/reports/{report_id}/clip")
async def get_clip(app: Here, caller: SignedIn, report_id: str) -> FileResponse:
    """The evidence clip of the reported person's lane, as Ogg Opus."""
    row = await _reviewable(app, caller, report_id)
    if row.clip is None:
        raise NotFound("clip of report", report_id)
    return FileResponse(app.clips / f"{row.clip}.ogg", media_type="audio/ogg")


async def _reviewable(app: Services, caller: Person, report_id: str) -> Row[Any]:
    async with app.db.read() as db:
        row = await report_store.get_report(db, report_id)
    require(await app.registry.space(row.space_id), caller, Action.SEE_REPORTS)
    return row


def _report(row: Row[Any], known: dict[str, Account]) -> dict[str, Any]:
    target = known.get(row.target_id or "")
    reporter = known.get(row.reporter_id)
    return {
        "id": row.id,
        "space_id": row.space_id,
        "target": f"@{target.handle}" if target else None,
        "target_id": row.target_id,
        "reporter": f"@{reporter.handle}" if reporter else None,
        "category": row.category,
        "rule": row.rule,
        "mode": row.body.get("mode"),
        "words": row.body.get("words", []),
        "text": " ".join(word["w"] for word in row.body.get("words", [])),
        "confidence": row.body.get("confidence"),
        "note": row.body.get("note", ""),
        "start_tick": row.body.get("start_tick"),
        "end_tick": row.body.get("end_tick"),
        "clip": row.clip,
        "state": row.state,
        "decided_by": row.decided_by,
        "decided_at": rfc3339(row.decided_at) if row.decided_at else None,
        "decision": row.decision,
        "time": rfc3339(row.at),
    }


@router.put("/spaces/{space_id}/rules")
async def put_rules(app: Here, caller: SignedIn, space_id: str, body: Rules) -> dict[str, Any]:
    """Set the rule file of a Space; `text` null removes it. An invalid file is refused, and the old one stays.

    This grants the bundled bot the actions of the file's rules, in the host's name.
    """
    rules = await set_rules(app, caller, space_id, body.text, body.filename)
    if rules is None:
        return {"hash": None, "rules": [], "actions": []}
    ids = [rule.id for rule in rules.rules]
    return {"hash": rules.hash, "rules": ids, "actions": sorted(rules.actions())}


@router.get("/spaces/{space_id}/rules")
async def get_rules(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """The rule file of a Space. For the host, co-hosts, admins and the bot."""
    space = await app.registry.space(space_id)
    require(space, caller, Action.SEE_STAFF)
    if space.rules_hash is None:
        return {"hash": None, "text": None}
    async with app.db.read() as db:
        return {"hash": space.rules_hash, "text": await ruleset_store.get_rules(db, space.rules_hash)}


@router.post("/spaces/{space_id}/acts", status_code=201)
async def take_act(app: Here, caller: ServiceBot, space_id: str, body: NewAct) -> dict[str, Any]:
    """A rule acts in the host's name, within the host's grant. A repeated key changes nothing and returns the first answer."""
    if body.action not in BY_RULES:
        raise Invalid("action", f"is one of {', '.join(BY_RULES)}")
    act = acts.Act(**body.model_dump(exclude={"evidence"}), before=body.evidence.before, after=body.evidence.after)
    return await acts.take_act(app, caller, space_id, act)


@router.get("/audit")
async def list_audit(app: Here, caller: SignedIn, cursor: int | None = None) -> dict[str, Any]:
    """What the caller did and what was done in their Spaces, newest first; admins see all. `head` is a hash over the heads of all
    chains.
    """
    async with app.db.read() as db:
        mine = None if caller.is_admin else set(await space_store.hosted(db, caller.account_id or "", over=True))
        rows = await audit.page(db, space_ids=mine, actor_id=caller.account_id, before=cursor, limit=PAGE)
        known = await accounts.by_ids(db, {i for row in rows for i in (row.actor_id, row.target_id) if i})
        head = await audit.head(db)
    data = [
        {
            "id": row.id,
            "at": rfc3339(row.at),
            "actor": _handle(known, row.actor_id),
            "by": row.principal or {"kind": "person", "id": row.actor_id},
            "action": row.action,
            "space_id": None if row.space_id == audit.SERVER else row.space_id,
            "target": _handle(known, row.target_id),
            "details": row.body,
            "hash": row.hash,
        }
        for row in rows
    ]
    return {"data": data, "head": head, "next": rows[-1].id if len(rows) == PAGE else None}


def _handle(known: dict[str, Account], account_id: str | None) -> str | None:
    return f"@{known[account_id].handle}" if account_id in known else account_id


@router.get("/audit/verify")
async def verify_audit(app: Here, caller: SignedIn) -> dict[str, Any]:
    """Check the hash chains of all Spaces and of the server. `first_bad` is the id of the first entry that does not match the one
    before it, or null; `chain` (a Space's id, `server`, or `closed`) is the one that is broken: without `first_bad`, entries are missing
    at its end.
    """
    async with app.db.read() as db:
        bad, head = await audit.verify(db), await audit.head(db)
    return {"first_bad": bad.entry_id if bad else None, "chain": bad.chain if bad else None, "head": head}
