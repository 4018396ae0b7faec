"""Reports: filing them, and what staff do with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from msgspec import structs

from spacesctl.api import moderation as api
from spacesctl.api import review as api_review
from spacesctl.api.by import By
from spacesctl.api.wire import Page, Time, load_value, time
from spacesctl.application import reports, review
from spacesctl.application.once import Once
from spacesctl.domain.accounts import Account
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Conflict, Gone, NotAllowed, NotFound, Refused, TooMany
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.domain.reporting import NEW, Record
from spacesctl.domain.words import Policy, ReportState, State
from spacesctl.server.http.cursors import instant
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once, keeping
from spacesctl.server.http.limited import limited
from spacesctl.server.http.serializers import by, spoken_words, who
from spacesctl.server.http.services import Here, Services, SignedIn
from spacesctl.server.http.sound_files import SOUND, sound_file
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts, report_notes
from spacesctl.store import reports as report_store
from spacesctl.store import spaces as space_store
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
@may_fail(NotFound)
async def list_reports(
    app: Here,
    caller: SignedIn,
    state: ReportState | None = None,
    space_id: str | None = None,
    assignee: str | None = None,
    cursor: str | None = None,
) -> Page[api.Report]:
    """Reports on Spaces that the caller hosts, also after the end, and on live ones whose co-host the caller is, newest first: of this
    state, on this Space, that this account (`me` is the caller) looks after, or all. Admins see those on all Spaces. Nobody sees reports
    about themselves.
    """
    before, me = instant(cursor), caller.account_id or ""
    async with app.db.read() as db:
        mine = None if space_id is None else {space_id}
        if not caller.is_admin:
            seen = {*await space_store.hosted(db, me, over=True), *app.registry.cohosted(me)}
            mine = seen if mine is None else seen & mine
        whose = me if assignee == "me" else None if assignee is None else (await accounts.get(db, assignee)).id
        rows = await report_store.list_reports(
            db, space_ids=mine, state=state, assignee_id=whose, before=before, limit=PAGE, but_about=me
        )
    more = rfc3339(rows[-1].at) if len(rows) == PAGE else None
    return Page(data=await _reports(app, rows), next=more)


@router.get("/accounts/me/reports")
async def list_own_reports(app: Here, caller: SignedIn, cursor: str | None = None) -> Page[api.OwnReport]:
    """The reports that the caller has filed, newest first, with what was decided on them."""
    before = instant(cursor)
    async with app.db.read() as db:
        rows = await report_store.filed_by(db, caller.account_id or "", before=before, limit=PAGE)
        known = await accounts.by_ids(db, {row.target_id for row in rows if row.target_id})
        titles = {one.id: one.title for one in await space_store.by_ids(db, list({row.space_id for row in rows}))}
    more = rfc3339(rows[-1].at) if len(rows) == PAGE else None
    return Page(
        data=[_own(row, known.get(row.target_id or ""), titles.get(row.space_id, "")) for row in rows], next=more
    )


def _own(row: KeptReport, target: Account | None, title: str) -> api.OwnReport:
    return api.OwnReport(
        id=row.id,
        space_id=row.space_id,
        title=title,
        target=who(target) if target is not None else None,
        category=row.category,
        note=row.body.note,
        state=row.state,
        decision=row.decision,
        decided_at=time(row.decided_at),
        created_at=Time.of(row.at),
    )


@router.get("/reports/{report_id}")
@may_fail(NotFound, NotAllowed)
async def get_report(app: Here, caller: SignedIn, report_id: str) -> api.WholeReport:
    """One report with all its evidence."""
    return await _whole(app, caller, await _reviewable(app, caller, report_id))


@router.patch("/reports/{report_id}")
@may_fail(NotFound, NotAllowed, Refused)
@limited("change")
async def decide_report(app: Here, caller: SignedIn, report_id: str, body: api.ReportDecision) -> api.WholeReport:
    """Uphold or dismiss a report, or open it again. Who filed it is told, whom it is about, and who looks after it."""
    await review.decide_report(app, caller, report_id, body.state, body.note)
    return await _whole(app, caller, await _reviewable(app, caller, report_id))


@router.put("/reports/{report_id}/assignee")
@may_fail(NotFound, NotAllowed, Refused)
@limited("change")
async def assign_report(app: Here, caller: SignedIn, report_id: str, body: api_review.Assignment) -> api.WholeReport:
    """Have somebody of the staff, or an operator, look after a report. Others may decide on it, too; what somebody has, nobody else gets
    before it is taken back.
    """
    await review.assign_report(app, caller, report_id, body.account)
    return await _whole(app, caller, await _reviewable(app, caller, report_id))


@router.delete("/reports/{report_id}/assignee")
@may_fail(NotFound, NotAllowed, Refused)
@limited("change")
async def unassign_report(app: Here, caller: SignedIn, report_id: str) -> api.WholeReport:
    """Have nobody look after a report."""
    await review.assign_report(app, caller, report_id, None)
    return await _whole(app, caller, await _reviewable(app, caller, report_id))


@router.post("/reports/{report_id}/notes", status_code=201)
@may_fail(NotFound, NotAllowed, Refused, Conflict)
@limited("change")
async def note_report(
    app: Here, caller: SignedIn, report_id: str, body: api_review.NewNote, idempotency_key: IdempotencyKey = None
) -> api_review.ReportNote | Response:
    """Write a note on a report, for those who review it: neither who filed it nor whom it is about reads it. A report has at most 50."""
    do = partial(_note, app, caller, report_id, body)
    return await answer_once(app, caller, idempotency_key, f"notes {report_id}", body, do)


async def _note(
    app: Services, caller: Person, report_id: str, body: api_review.NewNote, once: Once
) -> api_review.ReportNote:
    return _noted(await review.note_report(app, caller, report_id, body.text, keeping(once, _noted)))


def _noted(made: tuple[report_notes.KeptNote, Account]) -> api_review.ReportNote:
    note, author = made
    return api_review.ReportNote(id=note.id, by=who(author), text=note.text, created_at=Time.of(note.at))


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


async def _whole(app: Services, caller: Person, row: KeptReport) -> api.WholeReport:
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
    notes = await _notes(app, caller, row)
    return api.WholeReport(**structs.asdict(shown), evidence=evidence, notes=notes, purged_at=time(row.purged_at))


async def _notes(app: Services, caller: Person, row: KeptReport) -> list[api_review.ReportNote]:
    """Who filed a report and is on the staff reads of its notes their own."""
    async with app.db.read() as db:
        found = await report_notes.of_report(db, row.id)
        known = await accounts.by_ids(db, {one.author_id for one in found})
    is_reporter = row.reporter_id == caller.account_id
    return [
        _noted((one, known[one.author_id])) for one in found if not is_reporter or one.author_id == caller.account_id
    ]


def _room(room: report_store.RoomThen) -> api.RoomThen:
    people = [load_value(vars(one), api.PersonThen) for one in room.people]
    return api.RoomThen(state=State(room.state), speakers=Policy(room.policy), people=people)


@dataclass(frozen=True)
class _Known:
    """What is shown beside reports: accounts, titles of Spaces by id, what was found of reporters' earlier reports."""

    accounts: Mapping[str, Account]
    titles: Mapping[str, str]
    records: Mapping[str, Record]


async def _reports(app: Services, rows: list[KeptReport]) -> list[api.Report]:
    deciders = [row.decided_by["id"] for row in rows if row.decided_by and row.decided_by["kind"] == "person"]
    ids = {one for row in rows for one in (row.target_id, row.reporter_id, row.assignee_id)} | set(deciders)
    async with app.db.read() as db:
        known = await accounts.by_ids(db, {one for one in ids if one})
        titles = {one.id: one.title for one in await space_store.by_ids(db, list({row.space_id for row in rows}))}
        records = await report_store.records(db, {row.reporter_id for row in rows if row.rule is None})
    return [_report(row, _Known(known, titles, records)) for row in rows]


def _report(row: KeptReport, found_of: _Known) -> api.Report:
    known = found_of.accounts
    record = None if row.rule is not None else found_of.records.get(row.reporter_id, NEW)
    assignee = known.get(row.assignee_id or "")
    target, found = known.get(row.target_id or ""), row.body
    return api.Report(
        id=row.id,
        space_id=row.space_id,
        title=found_of.titles.get(row.space_id, ""),
        target=who(target) if target else None,
        by=_reporter(row, known),
        category=row.category,
        mode=found.mode,
        words=spoken_words(found.words),
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
        assignee=who(assignee) if assignee is not None else None,
        weight=1.0 if record is None else round(record.weight, 3),
        record=None if record is None else api_review.ReporterRecord(upheld=record.upheld, dismissed=record.dismissed),
    )


def _reporter(row: KeptReport, known: Mapping[str, Account]) -> By:
    if row.rule is not None:
        return By(kind="rule", id=row.rule, bot_id=row.reporter_id)
    return by({"kind": "person", "id": row.reporter_id}, known)
