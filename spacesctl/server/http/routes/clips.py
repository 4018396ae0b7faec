"""Voice clips: uploaded first, then named by the post or direct message that carries them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse

from spacesctl.domain.accounts import Caller
from spacesctl.domain.errors import NotFound
from spacesctl.server.http import serializers
from spacesctl.server.http.services import Anyone, Here, Services, SignedIn, no_dry_run
from spacesctl.store import clips

router = APIRouter(prefix="/v1/clips", tags=["posts"])
_BODY = {"requestBody": {"required": True, "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}}}


@router.post("", status_code=201, openapi_extra=_BODY)
async def upload(app: Here, caller: SignedIn, request: Request) -> dict[str, Any]:
    """Upload an audio file as it is (wav, mp3, m4a, ogg, webm, flac; at most 16 MiB and 140 s). It becomes mono Ogg Opus.

    A clip that no post or message names within an hour is removed.
    """
    await no_dry_run(request)
    app.rates.by_account("post", caller)
    return serializers.clip(await app.voices.take(app.db, caller.account_id or "", request.stream()))


@router.get("/{clip_id}.ogg", response_class=FileResponse)
async def sound(app: Here, caller: Anyone, clip_id: str) -> FileResponse:
    """The audio, also in parts (`Range`): of a post for everybody, of a direct message for the two, else for its owner."""
    public = await _require_visible(app, caller, clip_id)
    headers = {
        "Cache-Control": "public, max-age=300" if public else "private, no-store",
        "Vary": "Authorization",
        "X-Content-Type-Options": "nosniff",
    }
    return FileResponse(app.voices.file(clip_id), media_type="audio/ogg", headers=headers)


async def _require_visible(app: Services, caller: Caller, clip_id: str) -> bool:
    """Whether everybody may hear it. Raises NotFound when the caller may not, just as when there is none."""
    async with app.db.read() as db:
        clip = await clips.get(db, clip_id)
        if await clips.is_public(db, clip_id):
            return True
        me = caller.account_id
        if me is None or (clip.owner_id != me and not await clips.is_between(db, clip_id, me)):
            raise NotFound("voice clip", clip_id)
    return False
