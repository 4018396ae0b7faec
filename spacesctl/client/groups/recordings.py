"""Recordings, which only their host can read."""

from __future__ import annotations

from pathlib import Path

from spacesctl.api.recordings import Recording
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Listing, Operation, SyncGroup, segment

NOTHING = type(None)


def place(*parts: str) -> str:
    """A path below the recordings."""
    return "/".join(("/v1/recordings", *(segment(one) for one in parts)))


def _list(space_id: str | None = None) -> Call[Page[Recording]]:
    """The caller's recordings, newest first: of one Space, or of all."""
    return Call("GET", "/v1/recordings", Page[Recording], parameters={"space_id": space_id})


def _get(recording_id: str) -> Call[Recording]:
    """One recording."""
    return Call("GET", place(recording_id), Recording)


def _delete(recording_id: str) -> Call[None]:
    """Delete a recording and its files."""
    return Call("DELETE", place(recording_id), NOTHING)


class _Calls:
    list = Listing(_list)
    get = Operation(_get)
    delete = Operation(_delete)


class Recordings(_Calls, SyncGroup):
    """`client.recordings`."""

    def download(self, recording_id: str, name: str, target: Path) -> str:
        """Write one of a recording's files, by its name; its SHA-256 in hex. Raises OSError too."""
        return self.sender.download(place(recording_id, name), target)


class AsyncRecordings(_Calls, AsyncGroup):
    """`client.recordings`."""

    async def download(self, recording_id: str, name: str, target: Path) -> str:
        """Write one of a recording's files, by its name; its SHA-256 in hex. Raises OSError too."""
        return await self.sender.download(place(recording_id, name), target)
