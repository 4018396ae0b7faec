"""Accounts, follows and blocks."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Response

from spacesctl.api import accounts as api
from spacesctl.api.wire import Page, Time, load_value
from spacesctl.application import accounts as use
from spacesctl.application import blocks
from spacesctl.application.once import Once
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import Conflict, NotFound, Refused, TooMany
from spacesctl.domain.principals import Person
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once, keeping
from spacesctl.server.http.limited import limited
from spacesctl.server.http.serializers import account, account_fields, overseen
from spacesctl.server.http.services import Admin, Anyone, Here, Services, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts, sanctions

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=WireRoute)
PAGE = 100
JUST_A_BLOCK = api.NewBlock()


@router.post("/accounts", status_code=201)
@may_fail(Conflict, TooMany)
@limited("account", by="address")
async def create_account(
    app: Here, caller: Admin, body: api.NewAccount, idempotency_key: IdempotencyKey = None
) -> api.MadeAccount | Response:
    """Create an account and its first token, which only this answer contains. For admins."""
    do = partial(_create, app, caller, body)
    return await answer_once(app, caller, idempotency_key, "accounts", body, do)


async def _create(app: Services, caller: Person, body: api.NewAccount, once: Once) -> api.MadeAccount:
    keep = keeping(once, _made)
    made, token = await use.create_account(app, caller, body.handle, body.name, body.kind, keep)
    return _made(made, token)


def _made(made: Account, token: str | None = None) -> api.MadeAccount:
    return api.MadeAccount(**account_fields(made), token=token)


@router.get("/accounts")
async def list_accounts(app: Here, caller: Admin, cursor: str = "") -> Page[api.OverseenAccount]:
    """All accounts but the deleted ones, by handle. For admins."""
    async with app.db.read() as db:
        found = await accounts.page(db, after=cursor, limit=PAGE)
    return Page(data=[overseen(one) for one in found], next=found[-1].handle if len(found) == PAGE else None)


@router.get("/accounts/me")
async def me(app: Here, caller: SignedIn) -> api.Me:
    """The caller's account, and the scopes of the token."""
    async with app.db.read() as db:
        found = await accounts.get(db, caller.account_id or "")
    return api.Me(**account_fields(found), scopes=sorted(caller.scopes))


@router.get("/accounts/me/following")
async def list_following(app: Here, caller: SignedIn) -> Page[api.Account]:
    """The accounts that the caller follows."""
    async with app.db.read() as db:
        found = await accounts.following(db, caller.account_id or "")
    return Page(data=[account(one) for one in found])


@router.get("/accounts/me/blocks")
async def list_blocks(app: Here, caller: SignedIn) -> Page[api.Account]:
    """The accounts that the caller has blocked."""
    async with app.db.read() as db:
        found = await accounts.blocked(db, caller.account_id or "")
    return Page(data=[account(one) for one in found])


@router.get("/accounts/me/blocklist")
async def read_blocklist(app: Here, caller: SignedIn) -> Page[api.BlockedAccount]:
    """The accounts that the caller has blocked, with the reasons: what a block list that is shared says."""
    me = caller.account_id or ""
    async with app.db.read() as db:
        found, reasons = await accounts.blocks_by(db, me), await sanctions.block_reasons(db, me)
    return Page(
        data=[
            api.BlockedAccount(id=one.id, handle=f"@{one.handle}", reason=reasons.get(one.id, ""), since=Time.of(at))
            for one, at in found
        ]
    )


@router.post("/accounts/me/blocklist/preview")
@limited("change")
async def preview_blocks(app: Here, caller: SignedIn, body: api.NewPreview) -> Page[api.BlockEffect]:
    """What blocks of these accounts would end, one row for each, in order: who follows the caller, hosts or speaks. Nothing is blocked."""
    found = await blocks.preview(app, caller, body.accounts)
    return Page(data=[load_value(vars(one), api.BlockEffect) for one in found])


@router.get("/accounts/{ref}")
@may_fail(NotFound)
async def get_account(app: Here, caller: Anyone, ref: str) -> api.Account:
    """An account, by id or handle."""
    async with app.db.read() as db:
        return account(await accounts.get(db, ref))


@router.put("/accounts/me/following/{ref}", status_code=204)
@may_fail(NotFound, Refused)
@limited("change")
async def follow(app: Here, caller: SignedIn, ref: str) -> None:
    """Follow an account."""
    await use.follow(app, caller, ref)


@router.delete("/accounts/me/following/{ref}", status_code=204)
@may_fail(NotFound)
@limited("change")
async def unfollow(app: Here, caller: SignedIn, ref: str) -> None:
    """Stop following an account."""
    await use.unfollow(app, caller, ref)


@router.put("/accounts/me/blocks/{ref}", status_code=204)
@may_fail(NotFound, Refused)
@limited("change")
async def block(app: Here, caller: SignedIn, ref: str, body: api.NewBlock = JUST_A_BLOCK) -> None:
    """Block an account: it is removed from all Spaces of the caller, and can no longer join them, be invited, or send
    the caller messages.
    """
    await blocks.block(app, caller, ref, erase=body.erase, reason=body.reason)


@router.delete("/accounts/me/blocks/{ref}", status_code=204)
@may_fail(NotFound)
@limited("change")
async def unblock(app: Here, caller: SignedIn, ref: str) -> None:
    """Remove a block."""
    await blocks.unblock(app, caller, ref)
