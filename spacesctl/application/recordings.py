"""Recordings: only the host starts, stops and deletes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from spacesctl.application.app import App
from spacesctl.application.holding import require_free
from spacesctl.domain import commands as c
from spacesctl.domain.errors import Refused
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.domain.words import RecordingMode
from spacesctl.live.outcome import Outcome
from spacesctl.store import audit, holds, recordings
from spacesctl.store.recordings import KeptRecording


async def start_recording(
    app: App, person: Person, space_id: str, mode: RecordingMode, require_room: Callable[[], Awaitable[None]]
) -> Outcome:
    """Record from now on. `require_room` raises Refused when the disk is full. Raises NotFound, Gone, or what refuses the command."""
    handle = await app.registry.live_handle(space_id)
    require(handle.space, person, Action.RECORD)
    await require_room()
    return await handle.ask(c.StartRecording(person, mode))


async def stop_recording(app: App, person: Person, space_id: str) -> Outcome:
    """Stop the recording. Raises NotFound, Gone, or what refuses the command."""
    return await (await app.registry.live_handle(space_id)).ask(c.StopRecording(person))


async def delete_recording(app: App, person: Person, one: KeptRecording) -> None:
    """Delete a recording of the person; its files go next. Raises Refused with reason `recording` while it runs, or `held`."""
    if one.files is None:
        raise Refused("recording", "the recording is still running", hint="stop it first")
    async with app.registry.transaction(one.space_id) as tx:
        require_free(await holds.on_recording(tx.db, one.space_id, one.host_id))
        await recordings.remove(tx.db, one.id)
        entry = audit.Entry("record.delete", person, one.space_id, None, {"recording": one.id})
        await audit.append(tx.db, entry, tx.now)
