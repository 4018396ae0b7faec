"""Tokens of accounts: made, listed, revoked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from spacesctl.api import accounts as api
from spacesctl.api.wire import Page, Time, time
from spacesctl.application import tokens as use
from spacesctl.domain.errors import Invalid, NotAllowed, NotFound, Refused, TooMany
from spacesctl.domain.principals import Person
from spacesctl.server.http.limited import limited
from spacesctl.server.http.serializers import account_fields
from spacesctl.server.http.services import Here, Services, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store.tokens import KeptToken

router = APIRouter(prefix="/v1/accounts/{ref}/tokens", tags=["accounts"], route_class=WireRoute)


@router.post("", status_code=201)
@may_fail(NotFound, NotAllowed, TooMany)
@limited("change")
async def create_token(app: Here, caller: SignedIn, ref: str, body: api.NewToken) -> api.MadeToken:
    """Create a further token for the caller's own account (`me`); admins may for any account. The account is told."""
    scopes = frozenset(body.scopes) if body.scopes is not None else None
    target, made = await use.create_token(
        app, caller, ref, body.label, scopes, body.expires_at, lambda have: app.rates.at_once("tokens", have)
    )
    return api.MadeToken(
        **account_fields(target),
        token=made.text,
        token_id=made.id,
        scopes=sorted(made.scopes),
        expires_at=time(made.expires_at),
    )


@router.get("")
@may_fail(NotFound, NotAllowed)
async def list_tokens(app: Here, caller: SignedIn, ref: str) -> Page[api.Token]:
    """The tokens of the caller's own account (`me`), the newest first; admins may see those of any account."""
    _, found = await use.list_tokens(app, caller, ref)
    return Page(data=[_shown(one, caller) for one in found])


def _shown(one: KeptToken, caller: Person) -> api.Token:
    return api.Token(
        id=one.id,
        kind=one.kind,
        label=one.label,
        scopes=sorted(one.scopes),
        created_at=Time.of(one.created_at),
        expires_at=time(one.expires_at),
        used_at=time(one.used_at),
        used_from=one.used_from,
        current=caller.credential is not None and caller.credential.id == one.id,
    )


@router.delete("")
@may_fail(Invalid, NotFound, NotAllowed, Refused)
@limited("change")
async def revoke_tokens(
    app: Here,
    caller: SignedIn,
    ref: str,
    label: Annotated[str | None, Query(max_length=50)] = None,
    all_: Annotated[bool, Query(alias="all")] = False,
    but_this: bool = False,
) -> api.RevokedTokens:
    """Revoke the tokens with this label, or `all` of the caller's own account (`me`); admins may for any account but the bundled bot's.
    `but_this` spares the token of this request, and what can do more than it stays. What they opened ends, and the account is told. 404
    when none has the label.
    """
    return await _revoke(app, caller, ref, use.Which(label=label, all=all_, but_this=but_this))


@router.delete("/{token_id}")
@may_fail(NotFound, NotAllowed, Refused)
@limited("change")
async def revoke_token(app: Here, caller: SignedIn, ref: str, token_id: str) -> api.RevokedTokens:
    """Revoke one token, by its id."""
    return await _revoke(app, caller, ref, use.Which(id=token_id))


async def _revoke(app: Services, caller: Person, ref: str, which: use.Which) -> api.RevokedTokens:
    target, revoked = await use.revoke_tokens(app, caller, ref, which)
    return api.RevokedTokens(**account_fields(target), revoked=revoked)
