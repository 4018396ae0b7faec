"""Accounts, tokens, follows and blocks."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from spacesctl.application import accounts as use
from spacesctl.application import blocks
from spacesctl.application.once import Once
from spacesctl.domain.accounts import Account
from spacesctl.domain.principals import Person
from spacesctl.domain.words import Kind, Scope
from spacesctl.server.http import serializers
from spacesctl.server.http.body import Body
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once
from spacesctl.server.http.services import Admin, Anyone, Here, Services, SignedIn, client_host
from spacesctl.store import accounts

router = APIRouter(prefix="/v1", tags=["accounts"])
PAGE = 100


class NewAccount(Body):
    """The body of `POST /accounts`."""

    handle: str
    name: str | None = Field(None, max_length=50)
    kind: Kind = Kind.PERSON


class NewToken(Body):
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
    made, token = await use.create_account(app, caller, body.handle, body.name, body.kind, once.keeping(_without_token))
    return {**serializers.account(made), "token": token}


def _without_token(made: Account) -> dict[str, Any]:
    return {**serializers.account(made), "token": None}


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
    scopes = frozenset(body.scopes) if body.scopes is not None else None
    target, token, given = await use.create_token(
        app, caller, ref, body.label, scopes, lambda have: app.rates.at_once("tokens", have)
    )
    answer = {**serializers.account(target), "token": token, "scopes": sorted(given)}
    return JSONResponse(answer, 201, {"Cache-Control": "no-store"})


@router.delete("/accounts/{ref}/tokens")
async def revoke_tokens(app: Here, caller: SignedIn, ref: str, label: Annotated[str, Query(max_length=50)] = "") -> Any:
    """Revoke all tokens with this label of the caller's own account; admins may for any account but the bundled bot's.
    404 when there is none.
    """
    target, revoked = await use.revoke_tokens(app, caller, ref, label)
    return {**serializers.account(target), "revoked": revoked}


@router.put("/accounts/me/following/{ref}", status_code=204)
async def follow(app: Here, caller: SignedIn, ref: str) -> Response:
    """Follow an account."""
    await use.follow(app, caller, ref)
    return Response(status_code=204)


@router.delete("/accounts/me/following/{ref}", status_code=204)
async def unfollow(app: Here, caller: SignedIn, ref: str) -> Response:
    """Stop following an account."""
    await use.unfollow(app, caller, ref)
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
