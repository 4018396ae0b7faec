"""Letting a program in from a browser, so that a token never passes through anybody's hands."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from spacesctl.api import devices as api
from spacesctl.api.accounts import MadeToken
from spacesctl.api.wire import Time, time
from spacesctl.application import tokens as use
from spacesctl.domain.errors import NotAllowed, NotFound, NotSignedIn, Refused, TooMany
from spacesctl.server.http.device_codes import INTERVAL, Waiting
from spacesctl.server.http.limited import limited
from spacesctl.server.http.rates import address_key
from spacesctl.server.http.serializers import account_fields
from spacesctl.server.http.services import Here, SignedIn, client_host, no_dry_run
from spacesctl.server.http.wire_route import WireRoute, may_fail

router = APIRouter(prefix="/v1/devices", tags=["sign-in"], route_class=WireRoute, dependencies=[Depends(no_dry_run)])
ANY = "a program"


@router.post("", status_code=201)
@limited("sign_in", by="address")
async def ask_to_be_let_in(app: Here, request: Request, body: api.NewDevice) -> api.DeviceCode:
    """Begin to wait for a person who lets this program in, for ten minutes."""
    host = address_key(client_host(request))
    code, waiting = app.devices.ask(body.label or ANY, host, app.clock.now())
    return api.DeviceCode(
        device_code=code,
        user_code=waiting.user_code,
        url=f"{app.base_url}/device",
        whole_url=f"{app.base_url}/device#code={waiting.user_code}",
        interval=INTERVAL,
        expires_at=Time.of(waiting.expires_at),
    )


@router.post("/token", status_code=201)
@may_fail(NotSignedIn, NotAllowed, Refused, TooMany)
@limited("session", by="address")
async def take_token(app: Here, body: api.DeviceQuestion) -> MadeToken:
    """The token of a program that was let in, once. 409 with the reason `pending` until then."""
    waiting = app.devices.take(body.device_code, app.clock.now())
    assert waiting.by is not None
    target, made = await use.create_token(
        app, waiting.by, "me", waiting.label, use.USE, None, lambda have: app.rates.at_once("tokens", have)
    )
    return MadeToken(
        **account_fields(target),
        token=made.text,
        token_id=made.id,
        scopes=sorted(made.scopes),
        expires_at=time(made.expires_at),
    )


@router.get("/{user_code}")
@may_fail(NotFound)
async def waiting_device(app: Here, caller: SignedIn, user_code: str) -> api.WaitingDevice:
    """The program that waits with this code."""
    app.rates.by_account("password", caller)  # codes are short
    return _shown(app.devices.find(user_code, app.clock.now()))


@router.put("/{user_code}")
@may_fail(NotFound)
@limited("password")
async def decide(app: Here, caller: SignedIn, user_code: str, body: api.DeviceDecision) -> api.WaitingDevice:
    """Let a program in, or not. Let in, it gets a token of the caller's account with the scope `use`."""
    found = app.devices.find(user_code, app.clock.now())
    if body.approve:
        found.by = caller
    else:
        found.denied = True
    return _shown(found)


def _shown(one: Waiting) -> api.WaitingDevice:
    return api.WaitingDevice(
        user_code=one.user_code, label=one.label, host=one.host, expires_at=Time.of(one.expires_at)
    )
