"""Recordings: only the host can start, stop and read them."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, Response

from spacesctl.application import recordings as use
from spacesctl.domain.clock import parse_rfc3339, rfc3339
from spacesctl.domain.errors import Invalid, NotFound
from spacesctl.domain.principals import Person
from spacesctl.domain.words import RecordingMode
from spacesctl.live.recorder import lane_name
from spacesctl.server.http import serializers
from spacesctl.server.http.body import Body
from spacesctl.server.http.services import Here, Services, SignedIn, no_dry_run
from spacesctl.store import accounts, recordings
from spacesctl.store import spaces as space_store
from spacesctl.store.recordings import KeptRecording

router = APIRouter(prefix="/v1", tags=["recordings"])
PAGE = 100


class NewRecording(Body):
    """What to record."""

    kind: Literal["mix", "lanes"] = "mix"


@router.post("/spaces/{space_id}/recording", status_code=201)
async def start(app: Here, caller: SignedIn, space_id: str, body: NewRecording | None = None) -> dict[str, Any]:
    """Record the audience mix from now on; with `kind=lanes`, also each lane in its own file.

    Everybody sees that a recording runs. All open microphones but the host's close; each opens again when its speaker
    agrees.
    """

    async def require_room() -> None:
        await asyncio.to_thread(app.recordings.require_room)

    mode = RecordingMode((body or NewRecording()).kind)
    outcome = await use.start_recording(app, caller, space_id, mode, require_room)
    return await serializers.space(app, outcome.after, caller)


@router.delete("/spaces/{space_id}/recording")
async def stop(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """Stop the recording. Its files are complete a moment later."""
    outcome = await use.stop_recording(app, caller, space_id)
    return await serializers.space(app, outcome.after, caller)


@router.get("/recordings")
async def list_recordings(
    app: Here, caller: SignedIn, space_id: str | None = None, cursor: str | None = None
) -> dict[str, Any]:
    """The caller's recordings, newest first."""
    try:
        before = parse_rfc3339(cursor) if cursor else None
    except ValueError as error:
        raise Invalid("cursor", "is not a cursor that this list returned") from error
    async with app.db.read() as db:
        me = caller.account_id or ""
        found = await recordings.of_host(db, me, space_id=space_id, before=before, limit=PAGE)
    more = rfc3339(found[-1].started_at) if len(found) == PAGE else None
    return {"data": [await _shown(app, one) for one in found], "next": more}


@router.get("/recordings/{recording_id}")
async def get_recording(app: Here, caller: SignedIn, recording_id: str) -> dict[str, Any]:
    """One recording."""
    return await _shown(app, await _own(app, caller, recording_id))


@router.get("/recordings/{recording_id}/{name}", response_class=FileResponse)
async def sound(app: Here, caller: SignedIn, recording_id: str, name: str) -> FileResponse:
    """A file of a finished recording, also in parts (`Range`)."""
    one = await _own(app, caller, recording_id)
    if name not in {file["name"] for file in one.files or []}:
        raise NotFound("file of this recording", name)
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return FileResponse(app.recordings.file(one.id, name), media_type="audio/ogg", headers=headers)


@router.delete("/recordings/{recording_id}", status_code=204, dependencies=[Depends(no_dry_run)])
async def delete(app: Here, caller: SignedIn, recording_id: str) -> Response:
    """Delete a recording and its files."""
    one = await _own(app, caller, recording_id)
    await use.delete_recording(app, caller, one)
    await app.recordings.delete_files(one)
    return Response(status_code=204)


async def _own(app: Services, caller: Person, recording_id: str) -> KeptRecording:
    """Raises NotFound, also for another host's recording, so as not to reveal that it exists."""
    async with app.db.read() as db:
        one = await recordings.get(db, recording_id)
    if one.host_id != caller.account_id:
        raise NotFound("recording", recording_id)
    return one


async def _shown(app: Services, one: KeptRecording) -> dict[str, Any]:
    keep = app.recordings.keep
    expires = one.ended_at + keep if one.ended_at is not None and keep is not None else None
    return {
        "id": one.id,
        "space_id": one.space_id,
        "title": one.title,
        "kind": one.kind.value,
        "state": "recording" if one.ended_at is None else "closing" if one.files is None else "done",
        "started_at": rfc3339(one.started_at),
        "ended_at": rfc3339(one.ended_at) if one.ended_at else None,
        "reason": one.reason,
        "expires_at": rfc3339(expires) if expires else None,
        "files": await _files(app, one),
    }


async def _files(app: Services, one: KeptRecording) -> list[dict[str, Any]]:
    """The files, each with the handle of the lane's account."""
    files = one.files or []
    if all(file["name"] == "mix.ogg" for file in files):
        return [{**file, "handle": None} for file in files]
    async with app.db.read() as db:
        opened = await space_store.events_after(db, one.space_id, 0, limit=70_000, types=["lane.opened"])
        owners = {lane_name(event.body["lane"]): event.body["account_id"] for event in opened}
        known = await accounts.by_ids(db, {owners[file["name"]] for file in files if file["name"] in owners})
    handles = {name: f"@{known[who].handle}" for name, who in owners.items() if who in known}
    return [{**file, "handle": handles.get(file["name"])} for file in files]
