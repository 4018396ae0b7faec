"""Recordings of Spaces, which only the host can read."""

from __future__ import annotations

from typing import Literal

from spacesctl.api.wire import Answer, Given, Time
from spacesctl.domain.words import RecordingMode


class NewRecording(Given, frozen=True, kw_only=True):
    """What to record: the audience mix, or also each lane in its own file."""

    kind: Literal["mix", "lanes"] = "mix"


class RecordedFile(Answer, frozen=True, kw_only=True):
    """A file of a recording. `handle` is that of the lane's account; null for the mix."""

    name: str
    handle: str | None
    bytes: int
    duration_ms: int
    sha256: str


class Recording(Answer, frozen=True, kw_only=True):
    """A recording. Its files can be read once it is `done`."""

    id: str
    space_id: str
    title: str
    kind: RecordingMode
    state: Literal["recording", "closing", "done"]
    started_at: Time
    ended_at: Time | None
    reason: str | None
    """Why it ended: `stopped`, `ended`, `disk` or `lost`."""
    expires_at: Time | None
    files: list[RecordedFile]
