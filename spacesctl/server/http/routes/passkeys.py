"""Passkeys: registered on the page of one's account, and used on the page to sign in."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from spacesctl.api import sign_in as api
from spacesctl.api.wire import Page, Time, time
from spacesctl.application import passkeys as use
from spacesctl.domain.errors import Invalid, NotAllowed, NotFound, NotSignedIn, Refused, TooMany
from spacesctl.server.http.browsers import browser_of
from spacesctl.server.http.limited import limited
from spacesctl.server.http.routes.sign_in import OWN_PAGE, begun
from spacesctl.server.http.services import Here, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store.passkeys import Passkey

router = APIRouter(prefix="/v1", tags=["sign-in"], route_class=WireRoute)
IN_MEMORY = OWN_PAGE
"""Challenges are in memory, so nothing is tried here."""


@router.post("/session/passkey/options", dependencies=IN_MEMORY)
@may_fail(Refused, NotAllowed)
@limited("sign_in", by="address")
async def ask_to_sign_in(app: Here) -> api.PasskeyOptions:
    """What a browser is asked to sign in with a passkey. For the server's own pages."""
    return _question(await use.ask_to_sign_in(app))


@router.post("/session/passkey", status_code=201, dependencies=IN_MEMORY)
@may_fail(Refused, NotSignedIn, NotAllowed)
@limited("sign_in", by="address")
async def sign_in(app: Here, request: Request, body: api.PasskeyAnswer) -> api.Session | Response:
    """Sign in with a passkey. For the server's own pages."""
    return begun(app, request, await use.sign_in(app, body.id, body.credential, await browser_of(request)))


@router.post("/accounts/me/passkeys/options", dependencies=IN_MEMORY)
@may_fail(Refused, TooMany)
@limited("change")
async def ask_to_register(app: Here, caller: SignedIn) -> api.PasskeyOptions:
    """What a browser is asked to make a passkey for the caller's account. For the server's own pages."""
    return _question(await use.ask_to_register(app, caller))


@router.post("/accounts/me/passkeys", status_code=201, dependencies=IN_MEMORY)
@may_fail(Invalid, Refused, TooMany)
@limited("change")
async def register(app: Here, caller: SignedIn, body: api.NewPasskey) -> api.Passkey:
    """Register a passkey that a browser has made. The account is told. For the server's own pages."""
    return _shown(await use.register(app, caller, body.id, body.credential, body.label))


@router.get("/accounts/me/passkeys")
async def list_passkeys(app: Here, caller: SignedIn) -> Page[api.Passkey]:
    """The caller's passkeys, the oldest first."""
    return Page(data=[_shown(one) for one in await use.list_passkeys(app, caller)])


@router.delete("/accounts/me/passkeys/{passkey_id}", status_code=204)
@may_fail(NotFound)
@limited("change")
async def remove(app: Here, caller: SignedIn, passkey_id: str) -> None:
    """Remove a passkey of the caller's. The account is told."""
    await use.remove(app, caller, passkey_id)


def _question(asked: use.Asked) -> api.PasskeyOptions:
    return api.PasskeyOptions(id=asked.id, options=asked.options)


def _shown(one: Passkey) -> api.Passkey:
    return api.Passkey(id=one.id, label=one.label, created_at=Time.of(one.created_at), used_at=time(one.used_at))
