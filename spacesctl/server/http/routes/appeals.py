"""One sanction with what it stands on, and its appeal."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import FileResponse
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.api import review as api
from spacesctl.api.by import By
from spacesctl.api.wire import Page, Time, time
from spacesctl.application import appeals, statements
from spacesctl.application.statements import Statement
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Gone, NotAllowed, NotFound, Refused, TooMany
from spacesctl.domain.principals import Person
from spacesctl.domain.words import AppealState
from spacesctl.server.http.cursors import instant
from spacesctl.server.http.limited import limited
from spacesctl.server.http.serializers import by, spoken_words
from spacesctl.server.http.services import Here, Services, SignedIn
from spacesctl.server.http.shown_sanctions import shown_sanctions
from spacesctl.server.http.sound_files import SOUND, sound_file
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts, regressions, sanctions
from spacesctl.store import appeals as appeal_store
from spacesctl.store import spaces as space_store
from spacesctl.store.appeals import KeptAppeal
from spacesctl.store.regressions import KeptCase

router = APIRouter(prefix="/v1", tags=["sanctions"], route_class=WireRoute)
PAGE = 100
NO_WORDS = api.NewAppeal()


@router.get("/sanctions/{sanction_id}")
@may_fail(NotFound, NotAllowed)
async def get_sanction(app: Here, caller: SignedIn, sanction_id: str) -> api.WholeSanction:
    """One sanction with what it stands on: the rule and its text, the words, whether there is sound, the appeal. For its target, for the
    staff of the Space, and for whose block it is. Nobody learns here who reported.
    """
    return await _whole(app, caller, await statements.statement(app, caller, sanction_id))


@router.get("/sanctions/{sanction_id}/clip", response_class=FileResponse, responses=SOUND)
@may_fail(NotFound, NotAllowed, Gone)
async def sanction_clip(app: Here, caller: SignedIn, sanction_id: str) -> FileResponse:
    """The sound of a sanction as Ogg Opus: what its target said, and nobody else. There is some where its rule filed a report, or staff
    acted on one; 404 where there is none.
    """
    found = await statements.statement(app, caller, sanction_id)
    if found.clip is None:
        raise NotFound("clip of sanction", sanction_id)
    return await sound_file(app.clips / f"{found.clip}.ogg", "clip of sanction", sanction_id)


@router.post("/sanctions/{sanction_id}/appeal", status_code=201)
@may_fail(NotFound, NotAllowed, Refused, TooMany)
@limited("appeal")
async def file_appeal(app: Here, caller: SignedIn, sanction_id: str, body: api.NewAppeal = NO_WORDS) -> api.OwnAppeal:
    """Appeal a sanction on the caller, once and within 14 days of its beginning, also if it has ended. Who may decide on it is told."""
    return _own(await appeals.file_appeal(app, caller, sanction_id, body.text))


@router.get("/appeals")
async def list_appeals(
    app: Here, caller: SignedIn, state: AppealState | None = None, cursor: str | None = None
) -> Page[api.Appeal]:
    """Appeals that the caller may decide on, newest first: of sanctions in Spaces that they host, also after the end, and in live ones
    whose co-host they are, and of their own blocks. Admins see those of all Spaces. Nobody sees their own here.
    """
    before, me = instant(cursor), caller.account_id or ""
    async with app.db.read() as db:
        mine = None
        if not caller.is_admin:
            mine = {*await space_store.hosted(db, me, over=True), *app.registry.cohosted(me)}
        rows = await appeal_store.listed(
            db, space_ids=mine, host_id=me, state=state, before=before, limit=PAGE, but_of=me
        )
        data = [await _appeal(db, caller, row) for row in rows]
    return Page(data=data, next=rfc3339(rows[-1].at) if len(rows) == PAGE else None)


@router.get("/appeals/{appeal_id}")
@may_fail(NotFound, NotAllowed)
async def get_appeal(app: Here, caller: SignedIn, appeal_id: str) -> api.Appeal:
    """One appeal, for who wrote it and for those who may decide on it."""
    return await _read(app, caller, appeal_id)


@router.patch("/appeals/{appeal_id}")
@may_fail(NotFound, NotAllowed, Refused)
@limited("change")
async def decide_appeal(app: Here, caller: SignedIn, appeal_id: str, body: api.AppealDecision) -> api.Appeal:
    """Grant an appeal, which ends the sanction as `undo` does and dismisses its report, or deny it with a reason. The person who
    imposed the sanction does not decide while somebody else can. Who appealed is told, and who had reported them.
    """
    await appeals.decide_appeal(app, caller, appeal_id, granted=body.state == "granted", reason=body.reason)
    return await _read(app, caller, appeal_id)


@router.get("/regressions")
async def list_regressions(app: Here, caller: SignedIn, space_id: str | None = None) -> Page[api.RegressionCase]:
    """What the caller's rules are not to find again, newest first: the words of acts that were taken back in Spaces that they host, at most
    500, for a year."""
    async with app.db.read() as db:
        rows = await regressions.of_host(db, caller.account_id or "", space_id, app.clock.now())
    return Page(data=[_case(row) for row in rows])


def _case(row: KeptCase) -> api.RegressionCase:
    return api.RegressionCase(
        id=row.id,
        rule=row.rule_id,
        words=spoken_words(row.words),
        space_id=row.space_id,
        rule_hash=row.rule_hash,
        created_at=Time.of(row.at),
    )


async def _read(app: Services, caller: Person, appeal_id: str) -> api.Appeal:
    row = await appeals.readable(app, caller, appeal_id)
    async with app.db.read() as db:
        return await _appeal(db, caller, row)


async def _appeal(db: AsyncConnection, caller: Person, row: KeptAppeal) -> api.Appeal:
    [sanction] = await shown_sanctions(db, caller, [await sanctions.get(db, row.sanction_id)])
    titles = {one.id: one.title for one in await space_store.by_ids(db, [row.space_id])} if row.space_id else {}
    return api.Appeal(
        **structs.asdict(_own(row)),
        title=titles.get(row.space_id or ""),
        sanction=sanction,
        decided_by=await _decider(db, row.decided_by),
    )


async def _decider(db: AsyncConnection, principal: Mapping[str, str | None] | None) -> By | None:
    if principal is None:
        return None
    return by(principal, await accounts.by_ids(db, {principal.get("id") or ""}))


def _own(row: KeptAppeal) -> api.OwnAppeal:
    return api.OwnAppeal(
        id=row.id,
        text=row.text,
        state=row.state,
        created_at=Time.of(row.at),
        decided_at=time(row.decided_at),
        reason=row.reason,
    )


async def _whole(app: Services, caller: Person, found: Statement) -> api.WholeSanction:
    async with app.db.read() as db:
        [shown] = await shown_sanctions(db, caller, [found.sanction])
    is_target = found.sanction.target_id == caller.account_id
    act, report = found.act, found.report
    return api.WholeSanction(
        **structs.asdict(shown),
        automatic=found.sanction.principal["kind"] == "rule",
        rule=act.rule_id if act is not None else None,
        rule_text=found.rule_text,
        words=spoken_words(found.words),
        text=" ".join(word.w for word in found.words),
        start_tick=act.start_tick if act is not None else None,
        sound=found.clip is not None,
        appeal=_own(found.appeal) if found.appeal is not None else None,
        appeal_until=Time.of(found.appeal_until),
        report_id=None if is_target or report is None else report.id,
    )
