"""Sanctions: those of a Space, those on the caller, and undoing them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Row

from spacesctl.application import blocks, people
from spacesctl.domain.accounts import Account
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.permissions import Action, require
from spacesctl.server.http.body import Body
from spacesctl.server.http.services import Here, Services, SignedIn
from spacesctl.store import accounts, sanctions

router = APIRouter(prefix="/v1", tags=["sanctions"])
PAGE = 100


class Undo(Body):
    """Why a sanction is undone."""

    reason: str = Field("", max_length=280)


@router.get("/spaces/{space_id}/sanctions")
async def list_sanctions(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """The sanctions of a Space, newest first, with those that ended. For the host, co-hosts and admins."""
    require(await app.registry.space(space_id), caller, Action.SEE_REPORTS)
    async with app.db.read() as db:
        rows = await sanctions.in_space(db, space_id)
    return {"data": await _shown(app, rows)}


@router.post("/spaces/{space_id}/sanctions/{sanction_id}/undo")
async def undo(
    app: Here, caller: SignedIn, space_id: str, sanction_id: str, body: Undo | None = None
) -> dict[str, Any]:
    """Undo a mute, a demotion or a kick. A demoted speaker is on stage again; who was kicked may come back."""
    await people.undo(app, caller, space_id, sanction_id, body.reason if body else "")
    return await _one(app, sanction_id)


@router.get("/accounts/me/sanctions")
async def list_mine(app: Here, caller: SignedIn) -> dict[str, Any]:
    """The sanctions on the caller, newest first."""
    async with app.db.read() as db:
        rows = await sanctions.on(db, caller.account_id or "", limit=PAGE)
    return {"data": await _shown(app, rows)}


@router.get("/sanctions")
async def list_blocks(app: Here, caller: SignedIn) -> dict[str, Any]:
    """The blocks on the caller's own list, also those that a rule made and those that ended, newest first."""
    async with app.db.read() as db:
        rows = await sanctions.by_host(db, caller.account_id or "", limit=PAGE)
    return {"data": await _shown(app, rows)}


@router.post("/sanctions/{sanction_id}/undo")
async def undo_block(app: Here, caller: SignedIn, sanction_id: str, body: Undo | None = None) -> dict[str, Any]:
    """Undo a block that stands on the caller's block list, also one that a rule made."""
    await blocks.undo_block(app, caller, sanction_id, body.reason if body else "")
    return await _one(app, sanction_id)


async def _one(app: Services, sanction_id: str) -> dict[str, Any]:
    async with app.db.read() as db:
        row = await sanctions.get(db, sanction_id)
    return (await _shown(app, [row]))[0]


async def _shown(app: Services, rows: list[Row[Any]]) -> list[dict[str, Any]]:
    async with app.db.read() as db:
        ids = {one for row in rows for one in (row.target_id, row.host_id, _actor(row)) if one is not None}
        known = await accounts.by_ids(db, ids)
    return [_sanction(row, known) for row in rows]


def _actor(row: Row[Any]) -> str | None:
    """The account of the person who imposed it; None for a rule."""
    found: str | None = row.principal["id"] if row.principal["kind"] == "person" else None
    return found


def _sanction(row: Row[Any], known: dict[str, Account]) -> dict[str, Any]:
    actor = _actor(row)
    return {
        "id": row.id,
        "action": row.action,
        "space_id": row.space_id,
        "target": f"@{known[row.target_id].handle}",
        "target_id": row.target_id,
        "host": f"@{known[row.host_id].handle}",
        "by": row.principal,
        "actor": f"@{known[actor].handle}" if actor in known else None,
        "reason": row.reason,
        "evidence": row.evidence or None,
        "since": rfc3339(row.since),
        "until": rfc3339(row.until) if row.until else None,
        "lifted_at": rfc3339(row.lifted_at) if row.lifted_at else None,
        "lifted_by": row.lifted_by,
        "how": row.how,
        "lift_reason": row.lift_reason,
    }
