"""Reports, rules, acts of rules, and the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from msgspec import structs

from spacesctl.api import moderation as api
from spacesctl.api.by import By
from spacesctl.api.captions import SpokenWord
from spacesctl.api.wire import Page, Time, load_value, time
from spacesctl.application import acts, reports, verifying
from spacesctl.application.once import Once
from spacesctl.application.rulesets import set_rules
from spacesctl.domain.accounts import Account
from spacesctl.domain.actions import ABOUT_A_SPACE, BY_RULES, BY_STEPS
from spacesctl.domain.clock import TICKS_PER_SECOND, rfc3339
from spacesctl.domain.errors import Conflict, Gone, Invalid, NotAllowed, NotFound, Refused, TooMany
from spacesctl.domain.ladder import Ladder, Step
from spacesctl.domain.offence import Terms
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.domain.speech import Word
from spacesctl.domain.words import Policy, ReportState, State
from spacesctl.server.http import serializers
from spacesctl.server.http.cursors import instant, number
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once, keeping
from spacesctl.server.http.limited import limited, rule_blocks
from spacesctl.server.http.routes.events import spoken
from spacesctl.server.http.serializers import by, who
from spacesctl.server.http.services import Here, ServiceBot, Services, SignedIn
from spacesctl.server.http.sound_files import SOUND, sound_file
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts, audit, audit_check
from spacesctl.store import reports as report_store
from spacesctl.store import rulesets as ruleset_store
from spacesctl.store import spaces as space_store
from spacesctl.store.acts import StoredAct
from spacesctl.store.audit_check import Broken
from spacesctl.store.reports import KeptReport

router = APIRouter(prefix="/v1", tags=["moderation"], route_class=WireRoute)
PAGE = 100


@router.post("/reports", status_code=201)
@may_fail(NotFound, Gone, NotAllowed, Refused, Conflict, TooMany)
@limited("report")
async def file_report(
    app: Here, caller: SignedIn, body: api.NewReport, idempotency_key: IdempotencyKey = None
) -> api.FiledReport | Response:
    """Report a person in a Space or, without `account`, the Space. The last 30 s that the person has spoken within a minute are stored as
    evidence, also when their microphone is closed or the Space is over, with the words; later the newest words of a day. Only who was
    in the Space may.
    """
    return await answer_once(app, caller, idempotency_key, "reports", body, partial(_file, app, caller, body))


async def _file(app: Services, caller: Person, body: api.NewReport, once: Once) -> api.FiledReport:
    keep = keeping(once, _filed)
    return _filed(await reports.file_report(app, caller, body.space_id, body.account, body.category, body.note, keep))


def _filed(one: reports.Filed) -> api.FiledReport:
    target = who(one.target) if one.target else None
    return api.FiledReport(id=one.id, category=one.category, target=target, sound=one.sound, words=one.words)


@router.get("/reports")
async def list_reports(
    app: Here, caller: SignedIn, state: ReportState | None = None, cursor: str | None = None
) -> Page[api.Report]:
    """Reports on Spaces that the caller hosts, also after the end, and on live ones whose co-host the caller is, newest first: of this
    state, or all. Admins see those on all Spaces. Nobody sees reports about themselves.
    """
    before, me = instant(cursor), caller.account_id or ""
    async with app.db.read() as db:
        mine = None
        if not caller.is_admin:
            mine = {*await space_store.hosted(db, me, over=True), *app.registry.cohosted(me)}
        rows = await report_store.list_reports(db, space_ids=mine, state=state, before=before, limit=PAGE, but_about=me)
    more = rfc3339(rows[-1].at) if len(rows) == PAGE else None
    return Page(data=await _reports(app, rows), next=more)


@router.get("/reports/{report_id}")
@may_fail(NotFound, NotAllowed)
async def get_report(app: Here, caller: SignedIn, report_id: str) -> api.WholeReport:
    """One report with all its evidence."""
    return await _whole(app, await _reviewable(app, caller, report_id))


@router.patch("/reports/{report_id}")
@may_fail(NotFound, NotAllowed, Refused)
@limited("change")
async def decide_report(app: Here, caller: SignedIn, report_id: str, body: api.ReportDecision) -> api.WholeReport:
    """Uphold or dismiss a report, or open it again. Who filed it is told."""
    await reports.decide_report(app, caller, report_id, body.state, body.note)
    return await _whole(app, await _reviewable(app, caller, report_id))


@router.get("/reports/{report_id}/clip", response_class=FileResponse, responses=SOUND)
@may_fail(NotFound, NotAllowed, Gone)
async def report_clip(app: Here, caller: SignedIn, report_id: str) -> FileResponse:
    """The evidence clip as Ogg Opus: what the reported account said, and nobody else."""
    row = await _reviewable(app, caller, report_id)
    if row.clip is None:
        raise NotFound("clip of report", report_id)
    return await sound_file(app.clips / f"{row.clip}.ogg", "clip of report", report_id)


async def _reviewable(app: Services, caller: Person, report_id: str) -> KeptReport:
    async with app.db.read() as db:
        row = await report_store.get_report(db, report_id)
    require(await app.registry.space(row.space_id), caller, Action.SEE_REPORTS)
    if row.target_id == caller.account_id:
        raise NotAllowed("this report is about you", reason=Action.SEE_REPORTS.value)
    return row


async def _whole(app: Services, row: KeptReport) -> api.WholeReport:
    shown = (await _reports(app, [row]))[0]
    found = row.body
    evidence = api.Evidence(
        lane=found.lane,
        act=found.act,
        rule_hash=found.rule_hash,
        engine=found.engine,
        model=found.model,
        room=_room(found.room) if found.room is not None else None,
    )
    return api.WholeReport(**structs.asdict(shown), evidence=evidence)


def _room(room: report_store.RoomThen) -> api.RoomThen:
    people = [load_value(vars(one), api.PersonThen) for one in room.people]
    return api.RoomThen(state=State(room.state), speakers=Policy(room.policy), people=people)


async def _reports(app: Services, rows: list[KeptReport]) -> list[api.Report]:
    deciders = [row.decided_by["id"] for row in rows if row.decided_by and row.decided_by["kind"] == "person"]
    ids = {one for row in rows for one in (row.target_id, row.reporter_id)} | set(deciders)
    async with app.db.read() as db:
        known = await accounts.by_ids(db, {one for one in ids if one})
        titles = {one.id: one.title for one in await space_store.by_ids(db, list({row.space_id for row in rows}))}
    return [_report(row, known, titles.get(row.space_id, "")) for row in rows]


def _report(row: KeptReport, known: Mapping[str, Account], title: str) -> api.Report:
    target, found = known.get(row.target_id or ""), row.body
    return api.Report(
        id=row.id,
        space_id=row.space_id,
        title=title,
        target=who(target) if target else None,
        by=_reporter(row, known),
        category=row.category,
        mode=found.mode,
        words=_spoken(found.words),
        text=" ".join(word.w for word in found.words),
        confidence=found.confidence,
        note=found.note,
        start_tick=found.start_tick,
        end_tick=found.end_tick,
        clip=row.clip,
        state=row.state,
        decided_by=by(row.decided_by, known) if row.decided_by is not None else None,
        decided_at=time(row.decided_at),
        decision=row.decision,
        created_at=Time.of(row.at),
    )


def _reporter(row: KeptReport, known: Mapping[str, Account]) -> By:
    if row.rule is not None:
        return By(kind="rule", id=row.rule, bot_id=row.reporter_id)
    return by({"kind": "person", "id": row.reporter_id}, known)


def _spoken(words: Iterable[Word]) -> list[SpokenWord]:
    return [SpokenWord(w=one.w, start=one.start, end=one.end, conf=one.conf) for one in words]


@router.put("/spaces/{space_id}/rules")
@may_fail(NotFound, Gone, NotAllowed)
@limited("change")
@limited("rule_file", cost=rule_blocks)
async def put_rules(app: Here, caller: SignedIn, space_id: str, body: api.NewRules) -> api.SetRules:
    """Set the rule file of a Space; `text` null removes it. An invalid file is refused, and the old one stays.

    This grants the bundled bot the actions of the file's rules, in the host's name.
    """
    rules = await set_rules(app, caller, space_id, body.text, body.filename, with_numbers=body.with_numbers)
    ids, actions = (rules.ids, rules.actions) if rules is not None else ((), ())
    return serializers.set_rules(app, await app.registry.space(space_id), ids, actions)


@router.get("/spaces/{space_id}/rules")
@may_fail(NotFound, NotAllowed)
async def get_rules(app: Here, caller: SignedIn, space_id: str) -> api.RuleFile:
    """The rule file of a Space. For the host, co-hosts, admins and the bot."""
    space = await app.registry.space(space_id)
    require(space, caller, Action.SEE_STAFF)
    if space.rules_hash is None:
        return serializers.rule_file(space, None)
    async with app.db.read() as db:
        return serializers.rule_file(space, await ruleset_store.get_rules(db, space.rules_hash))


@router.post("/spaces/{space_id}/acts", status_code=201)
@may_fail(NotFound, Gone, Refused)
@limited("change")
async def take_act(app: Here, caller: ServiceBot, space_id: str, body: api.NewAct) -> api.Act:
    """A rule acts in the host's name, within the host's grant. A repeated key changes nothing and returns the first answer."""
    _require_action(body)
    act = acts.Act(
        body.key,
        body.rule_id,
        body.rule_hash,
        body.mode,
        body.action,
        body.account_id,
        body.lane,
        body.start_tick,
        body.end_tick,
        spoken(body.words),
        body.confidence,
        body.engine,
        body.model,
        body.evidence.before,
        body.evidence.after,
        tuple((one.from_tick, one.to_tick) for one in body.evidence.without),
        _terms(body),
        _ladder(body.ladder),
        body.found,
    )
    return _act(await acts.take_act(app, caller, space_id, act))


def _require_action(body: api.NewAct) -> None:
    """Raises Invalid."""
    if body.action not in (*BY_RULES, "ladder"):
        raise Invalid("action", f"is one of {', '.join(BY_RULES)}, ladder")
    if not body.account_id and body.action not in ABOUT_A_SPACE:
        raise Invalid("account_id", f"is needed but for {', '.join(ABOUT_A_SPACE)}")
    if (body.action == "ladder") is not (body.ladder is not None):
        raise Invalid("ladder", "goes with the action `ladder`")
    if body.ladder is not None and any(step.do not in BY_STEPS for step in body.ladder.steps):
        raise Invalid("ladder", f"leads to one of {', '.join(BY_STEPS)}")


def _ladder(given: api.Ladder | None) -> Ladder | None:
    if given is None:
        return None
    return Ladder(given.name, tuple(Step(one.points, one.do, one.seconds) for one in given.steps), given.expire)


def _terms(body: api.NewAct) -> Terms:
    within, cooldown = (round(seconds * TICKS_PER_SECOND) for seconds in (body.repeat.within, body.cooldown))
    return Terms(body.repeat.times, within, cooldown, body.severity)


def _act(one: StoredAct) -> api.Act:
    return load_value({**vars(one), "words": _spoken(one.words)}, api.Act)


@router.get("/audit")
async def list_audit(app: Here, caller: SignedIn, cursor: str | None = None) -> api.AuditLog:
    """What the caller did and what was done in their Spaces, newest first; admins see all."""
    before = number(cursor)
    async with app.db.read() as db:
        mine = None if caller.is_admin else set(await space_store.hosted(db, caller.account_id or "", over=True))
        rows = await audit.page(db, space_ids=mine, actor_id=caller.account_id, before=before, limit=PAGE)
        known = await accounts.by_ids(db, {i for row in rows for i in (row.actor_id, row.target_id) if i})
        head = await audit_check.head(db)
    more = str(rows[-1].id) if len(rows) == PAGE else None
    return api.AuditLog(data=[_entry(row, known) for row in rows], head=head, next=more)


def _entry(row: audit.KeptEntry, known: Mapping[str, Account]) -> api.AuditEntry:
    target = known.get(row.target_id or "")
    return api.AuditEntry(
        id=str(row.id),
        created_at=Time.of(row.at),
        by=by(row.principal or {"kind": "person", "id": row.actor_id}, known),
        action=row.action,
        space_id=None if row.space_id == audit.SERVER else row.space_id,
        target=who(target) if target else None,
        details=dict(row.body),
        count=row.count,
        hash=row.hash,
    )


@router.get("/audit/verify")
@may_fail(TooMany)
@limited("verify")
async def verify_audit(app: Here, caller: SignedIn, head: str | None = None) -> api.AuditCheck:
    """Check the hash chains of all Spaces and of the server, the signed checkpoints, and a `head` that somebody wrote down: `COUNT:HASH` or
    `SPACE:COUNT:HASH`. Only who hosts or hosted a Space may.
    """
    one = await verifying.verify(app, caller, head)
    bad = one.found.broken
    if bad is None and one.bad_line is not None:
        bad = Broken("file", "checkpoints", None, one.bad_line)
    return api.AuditCheck(
        problem=bad.problem if bad else None,
        chain=bad.chain if bad else None,
        first_bad=str(bad.entry_id) if bad and bad.entry_id is not None else None,
        count=bad.count if bad else None,
        entries=one.found.entries,
        checkpoints=one.checkpoints,
        head=one.found.head,
    )
