"""Recordings: only the host can start, stop and read them."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, Response

from spacesctl.api import recordings as api
from spacesctl.api.spaces import Space
from spacesctl.api.wire import Page, Time, time
from spacesctl.application import recordings as use
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Gone, NotAllowed, NotFound, Refused
from spacesctl.domain.principals import Person
from spacesctl.domain.words import RecordingMode
from spacesctl.live.recorder import MIX, lane_name
from spacesctl.server.http import serializers
from spacesctl.server.http.cursors import instant
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Here, Services, SignedIn, no_dry_run
from spacesctl.server.http.sound_files import SOUND, sound_file
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts, recordings
from spacesctl.store import spaces as space_store
from spacesctl.store.recordings import KeptRecording

router = APIRouter(prefix="/v1", tags=["recordings"], route_class=WireRoute)
PAGE = 100


@router.post("/spaces/{space_id}/recording", status_code=201)
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def start(app: Here, caller: SignedIn, space_id: str, body: api.NewRecording | None = None) -> Space:
    """Record the audience mix from now on; with `kind=lanes`, also each lane in its own file.

    Everybody sees that a recording runs. All open microphones but the host's close; each opens again when its speaker
    agrees.
    """

    async def require_room() -> None:
        await asyncio.to_thread(app.recordings.require_room)

    mode = RecordingMode((body or api.NewRecording()).kind)
    outcome = await use.start_recording(app, caller, space_id, mode, require_room)
    return await serializers.space(app, outcome.after, caller)


@router.delete("/spaces/{space_id}/recording")
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def stop(app: Here, caller: SignedIn, space_id: str) -> Space:
    """Stop the recording. Its files are complete a moment later."""
    outcome = await use.stop_recording(app, caller, space_id)
    return await serializers.space(app, outcome.after, caller)


@router.get("/recordings")
async def list_recordings(
    app: Here, caller: SignedIn, space_id: str | None = None, cursor: str | None = None
) -> Page[api.Recording]:
    """The caller's recordings, newest first."""
    before = instant(cursor)
    async with app.db.read() as db:
        me = caller.account_id or ""
        found = await recordings.of_host(db, me, space_id=space_id, before=before, limit=PAGE)
    more = rfc3339(found[-1].started_at) if len(found) == PAGE else None
    return Page(data=[await _shown(app, one) for one in found], next=more)


@router.get("/recordings/{recording_id}")
@may_fail(NotFound)
async def get_recording(app: Here, caller: SignedIn, recording_id: str) -> api.Recording:
    """One recording."""
    return await _shown(app, await _own(app, caller, recording_id))


@router.get(
    "/recordings/{recording_id}/{name}",
    response_class=Response,
    responses=SOUND,
)
@may_fail(NotFound, Gone)
async def sound(app: Here, caller: SignedIn, recording_id: str, name: str) -> FileResponse:
    """A file of a finished recording, also in parts (`Range`)."""
    one = await _own(app, caller, recording_id)
    if name not in {file.name for file in one.files or ()}:
        raise NotFound("file of this recording", name)
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return await sound_file(app.recordings.file(one.id, name), "file of recording", one.id, headers)


@router.delete("/recordings/{recording_id}", status_code=204, dependencies=[Depends(no_dry_run)])
@may_fail(NotFound, Refused)
@limited("change")
async def delete(app: Here, caller: SignedIn, recording_id: str) -> None:
    """Delete a recording and its files."""
    one = await _own(app, caller, recording_id)
    await use.delete_recording(app, caller, one)
    await app.recordings.delete_files(one.id)


async def _own(app: Services, caller: Person, recording_id: str) -> KeptRecording:
    """Raises NotFound, also for another host's recording, so as not to reveal that it exists."""
    async with app.db.read() as db:
        one = await recordings.get(db, recording_id)
    if one.host_id != caller.account_id:
        raise NotFound("recording", recording_id)
    return one


async def _shown(app: Services, one: KeptRecording) -> api.Recording:
    keep = app.recordings.keep
    return api.Recording(
        id=one.id,
        space_id=one.space_id,
        title=one.title,
        kind=one.kind,
        state="recording" if one.ended_at is None else "closing" if one.files is None else "done",
        started_at=Time.of(one.started_at),
        ended_at=time(one.ended_at),
        reason=one.reason,
        expires_at=time(one.ended_at + keep) if one.ended_at is not None and keep is not None else None,
        files=await _files(app, one),
    )


async def _files(app: Services, one: KeptRecording) -> list[api.RecordedFile]:
    """The files, each with the handle of the lane's account."""
    files = one.files or ()
    handles: dict[str, str] = {}
    if any(file.name != MIX for file in files):
        async with app.db.read() as db:
            opened = await space_store.events_after(db, one.space_id, 0, limit=70_000, types=["lane.opened"])
            owners = {lane_name(event.body["lane"]): event.body["account_id"] for event in opened}
            known = await accounts.by_ids(db, {owners[file.name] for file in files if file.name in owners})
        handles = {name: f"@{known[who].handle}" for name, who in owners.items() if who in known}
    return [
        api.RecordedFile(
            name=file.name,
            handle=handles.get(file.name),
            bytes=file.bytes,
            duration_ms=file.duration_ms,
            sha256=file.sha256,
        )
        for file in files
    ]
