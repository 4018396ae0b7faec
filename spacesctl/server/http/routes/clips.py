"""Voice clips: uploaded first, then attached to a post or a direct message."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from spacesctl.api.posts import Clip
from spacesctl.domain.errors import Gone, Invalid, NotFound, TooMany
from spacesctl.domain.principals import Person
from spacesctl.server.http import serializers
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Anyone, Here, Services, SignedIn, no_dry_run
from spacesctl.server.http.sound_files import SOUND, sound_file
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import clips

router = APIRouter(prefix="/v1/clips", tags=["posts"], route_class=WireRoute)
_BODY = {"requestBody": {"required": True, "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}}}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@router.post(
    "",
    status_code=201,
    openapi_extra=_BODY,
    responses={413: {"description": "The body is too large", "content": _PROBLEM}},
)
@may_fail(Invalid, TooMany)
@limited("post")
async def upload(app: Here, caller: SignedIn, request: Request) -> Clip:
    """Upload an audio file (wav, mp3, m4a, ogg, webm, flac; at most 16 MiB and 140 s). It is converted to mono Ogg
    Opus.

    A clip that is not attached to a post or message within an hour is deleted.
    """
    await no_dry_run(request)

    def may_have(size: int) -> None:
        if not caller.is_admin:
            app.rates.at_once("clip_mib", (size - 1) >> 20)  # MiB that are full before the last byte

    return serializers.clip(await app.voices.take(app.db, caller.account_id or "", request.stream(), may_have))


@router.get(
    "/{clip_id}.ogg",
    response_class=Response,
    responses=SOUND,
)
@may_fail(NotFound, Gone)
async def sound(app: Here, caller: Anyone, clip_id: str) -> FileResponse:
    """The audio, also in parts (`Range`). Clips of posts are public, those of a direct message are for its two
    accounts, others for their owner.
    """
    public = await _require_visible(app, caller, clip_id)
    headers = {
        "Cache-Control": "public, max-age=300" if public else "private, no-store",
        "Vary": "Authorization",
        "X-Content-Type-Options": "nosniff",
    }
    return await sound_file(app.voices.file(clip_id), "clip", clip_id, headers)


async def _require_visible(app: Services, caller: Person, clip_id: str) -> bool:
    """Whether the clip is public. Raises NotFound when it does not exist or the caller may not hear it."""
    async with app.db.read() as db:
        clip = await clips.get(db, clip_id)
        if await clips.is_public(db, clip_id):
            return True
        me = caller.account_id
        if me is None or (clip.owner_id != me and not await clips.is_between(db, clip_id, me)):
            raise NotFound("voice clip", clip_id)
    return False
