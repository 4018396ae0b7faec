"""Accounts, tokens, follows and blocks."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from spacesctl.application import blocks
from spacesctl.application.once import Once
from spacesctl.domain.accounts import Account, Kind, Scope
from spacesctl.domain.errors import Invalid, NotAllowed, NotFound, Refused
from spacesctl.domain.ids import new_account_id, new_token, parse_handle
from spacesctl.domain.principals import Person
from spacesctl.server.http import serializers
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once
from spacesctl.server.http.services import Admin, Anyone, Here, Services, SignedIn, client_host
from spacesctl.store import accounts, audit

router = APIRouter(prefix="/v1", tags=["accounts"])
PAGE = 100


class NewAccount(BaseModel):
    """The body of `POST /accounts`."""

    handle: str
    name: str | None = Field(None, max_length=50)
    kind: Kind = Kind.PERSON


class NewToken(BaseModel):
    """The body of `POST /accounts/{ref}/tokens`."""

    label: str = Field("", max_length=50)
    scopes: list[Scope] | None = None
    """A subset of the scopes that the caller may give; left out, all of them."""


@router.post("/accounts", status_code=201)
async def create_account(
    app: Here, caller: Admin, request: Request, body: NewAccount, idempotency_key: IdempotencyKey = None
) -> Any:
    """Create an account and its first token, which only this answer contains. For admins."""
    return await answer_once(
        app, caller, idempotency_key, "accounts", body, partial(_create, app, caller, body, client_host(request))
    )


async def _create(app: Services, caller: Person, body: NewAccount, host: str, once: Once) -> Any:
    app.rates.by_address("account", host)
    handle = parse_handle(body.handle)
    if handle is None:
        raise Invalid("handle", "has 1 to 15 letters, digits or underscores")
    made = Account(new_account_id(), handle, body.name or handle, body.kind, app.clock.now())
    token = new_token()
    answer = serializers.account(made)
    async with app.db.begin() as db:
        await accounts.add(db, made)
        await accounts.add_token(db, made.id, token, frozenset({Scope.USE}), "first", made.created_at)
        await audit.append(db, audit.Entry("account.create", caller, None, made.id), made.created_at)
        await once.keep(db, made.created_at, 201, {**answer, "token": None})
    return {**answer, "token": token}


@router.get("/accounts")
async def list_accounts(app: Here, caller: Admin, cursor: str = "") -> dict[str, Any]:
    """All accounts, by handle. For admins."""
    async with app.db.read() as db:
        found = await accounts.page(db, after=cursor, limit=PAGE)
    return {
        "data": [serializers.account(one) for one in found],
        "next": found[-1].handle if len(found) == PAGE else None,
    }


@router.get("/accounts/me")
async def me(app: Here, caller: SignedIn) -> dict[str, Any]:
    """The caller's account, and the scopes of the token."""
    async with app.db.read() as db:
        found = await accounts.get(db, caller.account_id or "")
    return {**serializers.account(found), "scopes": sorted(caller.scopes)}


@router.get("/accounts/me/following")
async def list_following(app: Here, caller: SignedIn) -> dict[str, Any]:
    """The accounts that the caller follows."""
    async with app.db.read() as db:
        found = await accounts.following(db, caller.account_id or "")
    return {"data": [serializers.account(one) for one in found]}


@router.get("/accounts/me/blocks")
async def list_blocks(app: Here, caller: SignedIn) -> dict[str, Any]:
    """The accounts that the caller has blocked."""
    async with app.db.read() as db:
        found = await accounts.blocked(db, caller.account_id or "")
    return {"data": [serializers.account(one) for one in found]}


@router.get("/accounts/{ref}")
async def get_account(app: Here, caller: Anyone, ref: str) -> dict[str, Any]:
    """An account, by id or handle."""
    async with app.db.read() as db:
        return serializers.account(await accounts.get(db, ref))


@router.post("/accounts/{ref}/tokens", status_code=201)
async def create_token(app: Here, caller: SignedIn, ref: str, body: NewToken) -> JSONResponse:
    """Create a further token for the caller's own account; admins may for any account."""
    now = app.clock.now()
    token = new_token()
    async with app.db.begin() as db:
        target = await accounts.get(db, ref)
        if target.id != caller.account_id and not caller.is_admin:
            raise NotAllowed("you may make tokens for your own account only", reason="scope")
        most = caller.scopes if target.id == caller.account_id else frozenset({Scope.USE})
        scopes = most if body.scopes is None else frozenset(body.scopes)
        if not scopes <= most:
            raise NotAllowed("a token can have no more scopes than you may give", reason="scope")
        app.rates.at_once("tokens", await accounts.count_tokens(db, target.id))
        await accounts.add_token(db, target.id, token, scopes, body.label, now)
        await audit.append(db, audit.Entry("token.create", caller, None, target.id), now)
    answer = {**serializers.account(target), "token": token, "scopes": sorted(scopes)}
    return JSONResponse(answer, 201, {"Cache-Control": "no-store"})


@router.delete("/accounts/{ref}/tokens")
async def revoke_tokens(app: Here, caller: SignedIn, ref: str, label: Annotated[str, Query(max_length=50)] = "") -> Any:
    """Revoke all tokens with this label of the caller's own account; admins may for any account but the bundled bot's.
    404 when there is none.
    """
    now = app.clock.now()
    async with app.db.begin() as db:
        target = await accounts.get(db, ref)
        if (target.id != caller.account_id and not caller.is_admin) or target.id == app.bot.id:
            raise NotAllowed("you may revoke tokens of your own account only", reason="scope")
        revoked = await accounts.drop_tokens(db, target.id, label)
        if not revoked:
            raise NotFound("token labelled", repr(label))
        await audit.append(db, audit.Entry("token.revoke", caller, None, target.id), now)
    return {**serializers.account(target), "revoked": revoked}


@router.put("/accounts/me/following/{ref}", status_code=204)
async def follow(app: Here, caller: SignedIn, ref: str) -> Response:
    """Follow an account."""
    me_id = caller.account_id or ""
    async with app.db.begin() as db:
        target = await accounts.get(db, ref)
        if target.id == me_id:
            raise Refused("is_you", "you cannot follow yourself")
        if await accounts.block_between(db, me_id, target.id):
            raise Refused("blocked", f"there is a block between you and @{target.handle}")
        await accounts.follow(db, me_id, target.id)
    return Response(status_code=204)


@router.delete("/accounts/me/following/{ref}", status_code=204)
async def unfollow(app: Here, caller: SignedIn, ref: str) -> Response:
    """Stop following an account."""
    async with app.db.begin() as db:
        target = await accounts.get(db, ref)
        await accounts.unfollow(db, caller.account_id or "", target.id)
    return Response(status_code=204)


@router.put("/accounts/me/blocks/{ref}", status_code=204)
async def block(app: Here, caller: SignedIn, ref: str) -> Response:
    """Block an account: it is removed from all Spaces of the caller, and can no longer join them, be invited, or send
    the caller messages.
    """
    await blocks.block(app, caller, ref)
    return Response(status_code=204)


@router.delete("/accounts/me/blocks/{ref}", status_code=204)
async def unblock(app: Here, caller: SignedIn, ref: str) -> Response:
    """Remove a block."""
    await blocks.unblock(app, caller, ref)
    return Response(status_code=204)
