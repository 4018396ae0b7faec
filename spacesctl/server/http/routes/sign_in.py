"""Signing in, up and out in a browser, and passwords. A session's secret goes into a cookie, and nowhere else."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from spacesctl.api import sign_in as api
from spacesctl.api.wire import Time, dump
from spacesctl.application import links, passkeys, sessions
from spacesctl.application import sign_in as use
from spacesctl.application.sessions import Opened
from spacesctl.domain.errors import Conflict, Gone, NotAllowed, NotFound, NotSignedIn, Refused, Unavailable
from spacesctl.domain.ids import parse_handle
from spacesctl.server.http import cookies
from spacesctl.server.http.browsers import browser_of
from spacesctl.server.http.cookies import Line
from spacesctl.server.http.limited import limited
from spacesctl.server.http.serializers import account, account_fields
from spacesctl.server.http.services import Admin, Anyone, Here, Services, SignedIn, no_dry_run, services
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts
from spacesctl.store.links import NewLink

router = APIRouter(prefix="/v1", tags=["sign-in"], route_class=WireRoute)
NOTHING_SAID = api.NewLink()


async def own_page(request: Request) -> None:
    """A dependency for what sets a cookie: only the server's own page asks for that, over a private connection. Raises NotAllowed."""
    cookies.require_private(request.scope)
    cookies.require_own_page(request.scope, services(request).base_url)


OWN_PAGE = [Depends(own_page), Depends(no_dry_run)]
"""What is tried without being done would tell whether a password is right, and nobody would be told."""


@router.get("/sign-in")
async def ways(app: Here, caller: Anyone, request: Request) -> api.Ways:
    """How one can sign in here, and who is signed in already."""
    private = cookies.line_of(request.scope) is not Line.OPEN
    found = None
    if caller.account_id is not None:
        async with app.db.read() as db:
            found = account(await accounts.get(db, caller.account_id))
    return api.Ways(
        private=private,
        why=None if private else cookies.WHY,
        sign_up=app.sign_up,
        passkeys=private and cookies.is_named(request.scope, passkeys.party_of(app.base_url)),
        provider=app.provider.name if private and app.provider is not None else None,
        account=found,
    )


@router.post("/session", status_code=201, dependencies=OWN_PAGE)
@may_fail(NotSignedIn, NotAllowed)
@limited("sign_in", by="address")
async def sign_in(app: Here, request: Request, body: api.NewSession) -> api.Session | Response:
    """Sign in with a password: the answer sets the cookie of a session. For the server's own pages. An unknown handle is answered as a
    wrong password is."""
    spent = app.rates.by_name("password", parse_handle(body.handle) or "")
    try:
        opened = await use.by_password(app, body.handle, body.password, await browser_of(request))
    except (NotAllowed, Unavailable):
        spent.give_back()
        raise
    spent.give_back()  # only wrong ones are counted
    return begun(app, request, opened)


@router.post("/session/link", status_code=201, dependencies=OWN_PAGE)
@may_fail(NotSignedIn, NotAllowed)
@limited("sign_in", by="address")
async def sign_in_by_link(app: Here, request: Request, body: api.LinkCode) -> api.Session | Response:
    """Sign in with the code of a link, which is used up by it. For the server's own pages."""
    return begun(app, request, await links.use_link(app, body.code, await browser_of(request)))


@router.delete("/session", status_code=204)
@limited("session", by="address")
async def sign_out(app: Here, caller: Anyone, request: Request) -> Response:
    """End the session of this browser, with what it opened, and take its cookie away."""
    await sessions.sign_out(app, caller)
    return Response(status_code=204, headers={"Set-Cookie": cookies.removing(request.scope, app.root)})


@router.post("/sign-up", status_code=201, dependencies=OWN_PAGE)
@may_fail(Conflict, NotAllowed)
@limited("sign_up", by="address")
async def sign_up(app: Here, request: Request, body: api.NewSignUp) -> api.Session | Response:
    """Make an account and sign in, where that is open or with an invitation of the operator's. For the server's own pages."""
    wish = use.Wish(body.handle, body.name, body.password, body.invitation)
    return begun(app, request, await use.sign_up(app, wish, await browser_of(request)))


@router.post("/sign-up/invitations", status_code=201)
@limited("change")
async def invite_to_sign_up(app: Here, caller: Admin) -> api.SignUpLink:
    """Make a link with which somebody may make an account, once and within a week. For admins."""
    made = await links.invite_to_sign_up(app, caller)
    return api.SignUpLink(url=f"{app.base_url}/sign-up#invitation={made.code}", expires_at=Time.of(made.expires_at))


@router.put("/accounts/me/password")
@may_fail(Refused)
@limited("change")
@limited("password")
async def set_password(app: Here, caller: SignedIn, body: api.NewPassword) -> api.EndedSessions:
    """Set or change the caller's password. Its other sessions end, and the account is told."""
    return api.EndedSessions(ended=await use.set_password(app, caller, body.current, body.password))


@router.post("/accounts/{ref}/links", status_code=201)
@may_fail(NotFound, NotAllowed, Gone)
@limited("change")
async def make_link(app: Here, caller: SignedIn, ref: str, body: api.NewLink = NOTHING_SAID) -> api.MadeLink:
    """Make a link that signs the caller's own account (`me`) in, once and within minutes; admins may for any. The account is told."""
    target, made = await links.make_link(app, caller, ref, body.space_id)
    return api.MadeLink(**account_fields(target), url=url_of(app, made), expires_at=Time.of(made.expires_at))


@router.post("/accounts/{ref}/recovery", status_code=201)
@may_fail(NotFound, NotAllowed)
@limited("change")
async def recover(app: Here, caller: Admin, ref: str) -> api.Recovered:
    """Let the owner of an account in again: all ways to sign in go but its tokens, its sessions end, and the link in the answer signs in
    once. For admins."""
    found = await links.recover(app, caller, ref)
    return api.Recovered(
        **account_fields(found.account),
        url=url_of(app, found.link),
        expires_at=Time.of(found.link.expires_at),
        ended=found.ended,
    )


def begun(app: Services, request: Request, opened: Opened) -> Response:
    """The answer that gives a browser its session."""
    made = opened.session
    assert made.expires_at is not None
    shown = api.Session(**account_fields(opened.account), expires_at=Time.of(made.expires_at), space_id=opened.space_id)
    cookie = cookies.setting(request.scope, app.root, made.text, app.clock.now(), made.expires_at)
    return Response(dump(shown), 201, {"Set-Cookie": cookie}, "application/json")


def url_of(app: Services, made: NewLink) -> str:
    """The address of a link. The code stands behind a `#`: browsers send that to no server, and previews of links open nothing with it."""
    place = f"{app.base_url}/s/{made.space_id}" if made.space_id is not None else f"{app.base_url}/sign-in"
    return f"{place}#link={made.code}"
