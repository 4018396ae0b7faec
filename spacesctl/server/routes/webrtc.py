"""WHIP (RFC 9725) to speak, WHEP to listen: an offer in, an answer out, DELETE to leave."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends, Request, Response
from starlette.exceptions import HTTPException

from spacesctl.domain.accounts import Caller
from spacesctl.domain.errors import NotFound, NotSignedIn
from spacesctl.rtc.sdp import MAX_OFFER
from spacesctl.server.joining import OPEN, Mic, answer_offer
from spacesctl.server.services import Anyone, Here, Services, client_host, not_tried

router = APIRouter(prefix="/v1/spaces/{space_id}", tags=["webrtc"], dependencies=[Depends(not_tried)])
_BODY = {"requestBody": {"required": True, "content": {"application/sdp": {"schema": {"type": "string"}}}}}


@router.post("/whip", status_code=201, response_class=Response, openapi_extra=_BODY)
async def whip(
    here: Here, caller: Anyone, space_id: str, request: Request,
    mic: Literal["open", "closed"] = "open", consent: Literal["recording"] | None = None,
) -> Response:  # fmt: skip
    """Speak. The session's microphone is open unless `mic=closed`; a second session of the account replaces the first.

    Where a recording runs, `consent=recording` says that the person agrees to it; without, an open microphone is refused.
    """
    if caller.account_id is None:
        raise NotSignedIn
    return await _join(here, caller, space_id, request, up=True, mic=Mic(mic == "open", consent is not None))


@router.post("/whep", status_code=201, response_class=Response, openapi_extra=_BODY)
async def whep(here: Here, caller: Anyone, space_id: str, request: Request) -> Response:
    """Listen. Without a token where the Space is public."""
    return await _join(here, caller, space_id, request, up=False)


async def _join(
    here: Services, caller: Caller, space_id: str, request: Request, *, up: bool, mic: Mic = OPEN
) -> Response:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/sdp":
        raise HTTPException(415, "the offer must be application/sdp")
    text = await _bounded_body(request)
    async with here.joins:
        session_id, sdp = await answer_offer(here, space_id, caller, text, client_host(request), up=up, mic=mic)
    place = f"{here.root}/v1/spaces/{space_id}/{'whip' if up else 'whep'}/{session_id}"
    return Response(sdp, 201, {"Location": place, "Cache-Control": "no-store"}, "application/sdp")


async def _bounded_body(request: Request) -> str:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_OFFER:
            raise HTTPException(413, f"an offer has at most {MAX_OFFER} bytes")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise HTTPException(400, "the offer is not UTF-8") from error


@router.delete("/{way}/{session_id}", status_code=200)
async def leave(here: Here, space_id: str, way: Literal["whip", "whep"], session_id: str) -> Response:
    """End a session. Whoever knows its path, 128 random bits, may."""
    actor = await here.house.actor(space_id)
    if session_id not in actor.connections.sessions:
        raise NotFound("session", "of this path")
    await actor.drop_session(session_id)
    return Response(status_code=200)


@router.patch("/{way}/{session_id}", status_code=204)
async def trickle(here: Here, space_id: str, way: Literal["whip", "whep"], session_id: str) -> Response:
    """Candidates of the client are taken and not needed: the server learns its peers from their authenticated checks."""
    actor = await here.house.actor(space_id)
    if session_id not in actor.connections.sessions:
        raise NotFound("session", "of this path")
    return Response(status_code=204)
