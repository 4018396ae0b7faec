"""Evidence clips: cut from the ring of the last minute, and kept under their hash."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from spacesctl.application.app import App
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.domain.principals import Person
from spacesctl.live import evidence
from spacesctl.live.handle import SpaceHandle

CLIP_BEFORE = 10.0
CLIP_AFTER = 4.0
REPORT_BEFORE = 30.0
"""Seconds of evidence before a person's report. (`CLIP_BEFORE` and `CLIP_AFTER` are those around an act, unless its
rule says otherwise.)
"""


async def cut_clip(
    app: App, cause: Person, handle: SpaceHandle, lane: int, start_tick: int, end_tick: int, before: float, after: float,
    without: Sequence[tuple[int, int]] = (),
) -> str | None:  # fmt: skip
    """Write a clip of this lane alone, `without` these spoken numbers (ticks); `before` and `after` are in seconds. Returns the file's
    SHA-256, or None when the ring holds nothing of it, or when `cause` (who reports, or whose rules do) has had as much written as is
    allowed.
    """
    first = start_tick - round(before * TICKS_PER_SECOND)
    data = handle.clip(lane, first, end_tick + round(after * TICKS_PER_SECOND), without)
    if not data or not app.may_keep(cause, len(data)):
        return None
    return await asyncio.to_thread(evidence.keep, app.clips, data)
