"""Evidence clips: cut from the ring of the last minute, and kept under their hash. They are looked up by account and time: who closes the
microphone, or comes back with another one, is still heard.

A clip is cut at once, since its sound ages, and again when the time after the words has passed. Then it replaces the first, if it has more,
or if the first has a number that is known only now.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from spacesctl.application.app import App
from spacesctl.application.later_cuts import Cut, LaterCut
from spacesctl.domain import commands as c
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.domain.principals import Person, System
from spacesctl.live.handle import SpaceHandle

CLIP_BEFORE = 10.0
CLIP_AFTER = 4.0
REPORT_BEFORE = 30.0
"""Seconds of evidence before a person's report. (`CLIP_BEFORE` and `CLIP_AFTER` are those around an act, unless its
rule says otherwise.)
"""
LATE: Final = TICKS_PER_SECOND
"""Ticks after which the ring has what was said: sound takes a moment from the microphone to here."""


def around(
    cause: Person, space_id: str, account_id: str, start_tick: int, end_tick: int, before: float, after: float,
    without: Sequence[tuple[int, int]] = (),
) -> Cut:  # fmt: skip
    """The cut around these ticks; `before` and `after` are in seconds."""
    first = max(0, start_tick - round(before * TICKS_PER_SECOND))
    return Cut(cause, space_id, account_id, first, end_tick + round(after * TICKS_PER_SECOND), tuple(without))


@asynccontextmanager
async def cut_clip(app: App, handle: SpaceHandle, cut: Cut | None) -> AsyncIterator[str | None]:
    """Write a clip of this account alone, which a report has when the block ends: nobody deletes it before. Gives the file's SHA-256, or
    None when the ring holds nothing of it, or when `cut.cause` has had as much written as is allowed.
    """
    data = b"" if cut is None else handle.clip(cut.account_id, cut.first, cut.last, cut.without)
    if cut is None or not data or not app.may_keep(cut.cause, len(data)):
        yield None
        return
    async with app.clip_files.kept(app.db, data) as clip:
        yield clip


def expect_more(app: App, handle: SpaceHandle, later: LaterCut) -> None:
    """Have a report's clip cut again, if all of its time has not passed."""
    if not _has_passed(handle, later.cut):
        app.later_cuts.expect(later)


async def cut_again(app: App) -> None:
    """Cut what has had its time. Called every second. One that fails costs itself alone; then the first error is raised."""
    failed: Exception | None = None
    for one in app.later_cuts.due(lambda cut: _is_due(app, cut)):
        try:
            await _cut_again(app, one)
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed


def _is_due(app: App, cut: Cut) -> bool:
    """Also one of a Space that is not known any more, whose sound is gone."""
    handle = app.registry.known(cut.space_id)
    return handle is None or _has_passed(handle, cut)


def _has_passed(handle: SpaceHandle, cut: Cut) -> bool:
    return handle.space.is_over or handle.now_tick() > cut.last + LATE


async def _cut_again(app: App, one: LaterCut) -> None:
    handle = app.registry.known(one.cut.space_id)
    if handle is None:
        return
    async with cut_clip(app, handle, one.cut) as again:
        # The first may have a number that is known only now.
        masked = handle.has_numbers(one.cut.account_id, one.cut.first, one.cut.last)
        clip = again if masked else await _longer(app, one.clip, again)
        if clip != one.clip or not one.by_rule:  # with a person's report words may have come since
            await handle.ask(c.KeepEvidence(System("evidence"), one.report_id, clip, one.cut.account_id))
    for other in (one.clip, again):
        if other is not None and other != clip:
            await app.clip_files.drop(app.db, other)


async def _longer(app: App, first: str | None, again: str | None) -> str | None:
    """The clip that has more: the beginning of what was cut first can have aged since."""

    def size(clip: str) -> int:
        path = app.clip_files.path(clip)
        return path.stat().st_size if path.exists() else 0

    if first is None or again is None:
        return first or again
    return again if await asyncio.to_thread(lambda: size(again) > size(first)) else first
