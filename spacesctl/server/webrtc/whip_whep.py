"""WHIP (RFC 9725) to speak, WHEP to listen: POST an offer for an answer, DELETE to leave."""

from __future__ import annotations

import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.exceptions import HTTPException

from spacesctl.api.operation import IceServer
from spacesctl.api.wire import Page
from spacesctl.application.admission import Access, admitted
from spacesctl.domain.errors import Gone, Invalid, NotAllowed, NotFound, NotSignedIn, Refused, TooMany
from spacesctl.domain.principals import Person
from spacesctl.live.handle import SpaceHandle
from spacesctl.live.sessions import Session
from spacesctl.rtc.fragment import MAX_FRAGMENT
from spacesctl.rtc.sdp import MAX_OFFER
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Anyone, Here, Services, client_host, no_dry_run
from spacesctl.server.http.wire_route import WireRoute, may_fail, problem_responses, text_response
from spacesctl.server.webrtc import trickle
from spacesctl.server.webrtc.joining import OPEN, Mic, answer_offer
from spacesctl.server.webrtc.trickle import MEDIA_TYPE

router = APIRouter(
    prefix="/v1/spaces/{space_id}", tags=["webrtc"], route_class=WireRoute, dependencies=[Depends(no_dry_run)]
)
_BODY = {"requestBody": {"required": True, "content": {"application/sdp": {"schema": {"type": "string"}}}}}
_TRICKLE = {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}
_ANSWER = text_response(201, "application/sdp", "The SDP answer") | problem_responses(406, 413, 415)
_PATCHED = text_response(200, MEDIA_TYPE, "The server's new credentials") | problem_responses(412, 413, 415, 428)


@router.post("/whip", status_code=201, response_class=Response, openapi_extra=_BODY, responses=_ANSWER)
@may_fail(Invalid, NotFound, Gone, NotAllowed, Refused, TooMany)
@limited("join", by="address")
async def whip(
    app: Here, caller: Anyone, space_id: str, request: Request,
    mic: Literal["open", "closed"] = "open", consent: Literal["recording"] | None = None,
) -> Response:  # fmt: skip
    """Speak: send an SDP offer, get the answer. The microphone is open unless `mic=closed`. A second session of the
    account replaces the first.

    While a recording runs, an open microphone is refused without `consent=recording`, which says that the person agrees
    to be recorded.
    """
    if caller.account_id is None:
        raise NotSignedIn
    return await _join(app, caller, space_id, request, up=True, mic=Mic(mic == "open", consent is not None))


@router.post("/whep", status_code=201, response_class=Response, openapi_extra=_BODY, responses=_ANSWER)
@may_fail(Invalid, NotFound, Gone, NotAllowed, Refused, TooMany)
@limited("join", by="address")
async def whep(app: Here, caller: Anyone, space_id: str, request: Request) -> Response:
    """Listen: send an SDP offer, get the answer. Needs no token if the Space is open to everyone."""
    return await _join(app, caller, space_id, request, up=False)


async def _join(
    app: Services, caller: Person, space_id: str, request: Request, *, up: bool, mic: Mic = OPEN
) -> Response:
    text = await _bounded_body(request, "application/sdp", MAX_OFFER)
    async with app.joins:
        session, sdp = await answer_offer(app, space_id, caller, text, client_host(request), up=up, mic=mic)
    place = f"{app.root}/v1/spaces/{space_id}/{'whip' if up else 'whep'}/{session.id}"
    headers = {"Location": place, "ETag": session.etag, "Accept-Patch": MEDIA_TYPE, "Cache-Control": "no-store"}
    answer = Response(sdp, 201, headers, "application/sdp")
    for link in app.turn.links(session.id[:8], app.clock.now().timestamp()):
        answer.headers.append("Link", link)
    return answer


async def _bounded_body(request: Request, media_type: str, most: int) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
        raise HTTPException(
            415,
            f"the body must be {media_type}",
            {"Accept-Patch" if request.method == "PATCH" else "Accept-Post": media_type},
        )
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, f"the body may have at most {most} bytes")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Invalid("body", "is not UTF-8") from error


@router.options("/whip", status_code=204)
@router.options("/whep", status_code=204)
@may_fail(NotFound, Gone, NotAllowed)
async def describe(app: Here, caller: Anyone, space_id: str) -> Response:
    """The methods and media types of this address; for callers who may enter the Space also the relays to use, if there are any."""
    answer = Response(status_code=204, headers={"Accept-Post": "application/sdp", "Allow": "OPTIONS, POST"})
    if app.turn.urls:
        await admitted(app, caller, space_id, Access.LISTEN)
        for link in app.turn.links(secrets.token_hex(4), app.clock.now().timestamp()):
            answer.headers.append("Link", link)
    return answer


@router.get("/ice-servers")
@may_fail(NotFound, Gone, NotAllowed)
async def ice_servers(app: Here, caller: Anyone, space_id: str) -> Page[IceServer]:
    """The relays and STUN servers for an `RTCPeerConnection`, for callers who may enter the Space. Empty unless the
    operator set some.
    """
    await admitted(app, caller, space_id, Access.LISTEN)
    return Page(data=app.turn.servers(secrets.token_hex(4), app.clock.now().timestamp()))


@router.delete("/whip/{session_id}", status_code=200, response_class=Response)
@router.delete("/whep/{session_id}", status_code=200, response_class=Response)
@may_fail(NotFound, Gone)
@limited("session", by="address")
async def leave(app: Here, request: Request, space_id: str, session_id: str) -> Response:
    """End a session. Needs no token: its path, with 128 random bits, is the authorisation."""
    handle, session = await _session(app, request, space_id, session_id)
    await handle.disconnect(session.id)
    return Response(status_code=200)


@router.patch("/whip/{session_id}", status_code=204, responses=_PATCHED, openapi_extra=_TRICKLE)
@router.patch("/whep/{session_id}", status_code=204, responses=_PATCHED, openapi_extra=_TRICKLE)
@may_fail(Invalid, NotFound, Gone)
@limited("session", by="address")
async def patch(
    app: Here, space_id: str, session_id: str, request: Request,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:  # fmt: skip
    """Trickle ICE. Candidates are accepted and ignored: the server learns the client's address from its authenticated
    checks.

    A new ICE user name with `If-Match: "*"` is an ICE restart; the answer has the server's new credentials.
    """
    text = await _bounded_body(request, MEDIA_TYPE, MAX_FRAGMENT)
    _, session = await _session(app, request, space_id, session_id)
    fragment = await trickle.patch(app, session, text, if_match)
    headers = {"ETag": session.etag}
    return (
        Response(status_code=204, headers=headers) if fragment is None else Response(fragment, 200, headers, MEDIA_TYPE)
    )


async def _session(app: Services, request: Request, space_id: str, session_id: str) -> tuple[SpaceHandle, Session]:
    """The session that the path names, by its kind, too. Raises NotFound."""
    handle = await app.registry.handle(space_id)
    session = handle.session(session_id)
    if session is None or f"/{session.kind.value}/" not in request.url.path:
        raise NotFound("session", "of this path")
    return handle, session
