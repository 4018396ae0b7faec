"""Signing in by a provider of OpenID Connect: there and back again, by our page."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from spacesctl.api import sign_in as api
from spacesctl.api.wire import dump
from spacesctl.application import provided as use
from spacesctl.domain.errors import NotAllowed, NotFound, NotSignedIn, Refused
from spacesctl.server.http import cookies
from spacesctl.server.http.browsers import browser_of
from spacesctl.server.http.limited import limited
from spacesctl.server.http.oidc import LASTS, Provider
from spacesctl.server.http.routes.sign_in import OWN_PAGE, begun
from spacesctl.server.http.services import Anyone, Here, Services, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail

router = APIRouter(prefix="/v1", tags=["sign-in"], route_class=WireRoute)
IN_MEMORY = OWN_PAGE


@router.post("/session/provider", dependencies=IN_MEMORY)
@may_fail(Refused, NotAllowed)
@limited("sign_in", by="address")
async def ask_provider(
    app: Here, caller: Anyone, request: Request, body: api.NewProviderSession
) -> api.ProviderQuestion | Response:
    """Begin to sign in by the provider or, signed in, to link the account that one has. For the server's own pages."""
    now = app.clock.now()
    url, browser = await _provider(app).send(now, caller.account_id, body.invitation)
    cookie = cookies.keeping(request.scope, app.root, browser, round(LASTS.total_seconds()))
    return Response(dump(api.ProviderQuestion(url=url)), 200, {"Set-Cookie": cookie}, "application/json")


@router.post(
    "/session/provider/answer",
    status_code=201,
    dependencies=IN_MEMORY,
    responses={204: {"description": "The account that one has is linked"}},
)
@may_fail(NotSignedIn, NotAllowed, Refused)
@limited("sign_in", by="address")
async def take_answer(app: Here, caller: Anyone, request: Request, body: api.ProviderAnswer) -> api.Session | Response:
    """Sign in with what the provider has sent one back with. For the server's own pages."""
    browser = cookies.kept(request.scope, app.root)
    gone, who = await _provider(app).back(app.clock.now(), body.state, body.code, browser)
    if gone.account_id is None:
        return begun(app, request, await use.sign_in(app, who, gone.invitation, await browser_of(request)))
    if gone.account_id != caller.account_id:
        raise NotSignedIn("somebody else is signed in here now", hint="begin again")
    await use.link(app, caller, who)
    return Response(status_code=204)


@router.get("/accounts/me/provider")
async def linked_provider(app: Here, caller: SignedIn) -> api.LinkedProvider:
    """Whether the provider signs in the caller's account."""
    return api.LinkedProvider(linked=await use.is_linked(app, caller))


@router.delete("/accounts/me/provider", status_code=204)
@may_fail(NotFound)
@limited("change")
async def unlink_provider(app: Here, caller: SignedIn) -> None:
    """The provider signs in the caller's account no longer. The account is told."""
    await use.unlink(app, caller)


def _provider(app: Services) -> Provider:
    if app.provider is None:
        raise Refused("no_provider", "no provider signs people in here")
    return app.provider
