"""What a server does again and again: clocks, counts, limits of time, old files."""

from __future__ import annotations

from functools import partial

from spacesctl.application import forgetting
from spacesctl.application.checkpoints import LOOK_EVERY as CHECKPOINTS_EVERY
from spacesctl.application.checkpoints import make_checkpoints
from spacesctl.application.evidence import cut_again
from spacesctl.application.purging import PURGE_EVERY, Purge
from spacesctl.application.suspensions import end_suspensions
from spacesctl.application.token_watch import STORED_EVERY
from spacesctl.application.tokens import expire_tokens
from spacesctl.domain.retention import Retention
from spacesctl.live.conduct_watch import LOOK_EVERY as CONDUCT_EVERY
from spacesctl.live.conduct_watch import ConductWatch
from spacesctl.live.recording_keeper import TIDY_EVERY
from spacesctl.live.watch import ATTENDANCE_EVERY, LOOK_EVERY, RELEASE_EVERY, TICKS_KEPT_EVERY, Watch
from spacesctl.server.http.services import Services
from spacesctl.server.http.voice_clips import SWEEP_EVERY
from spacesctl.server.process.disk_watch import LOOK_EVERY as DISK_LOOK_EVERY
from spacesctl.server.process.disk_watch import DiskWatch


def look_after(app: Services, disk: DiskWatch, bot_id: str, kept: Retention) -> None:
    """Begin all of it, as tasks of the registry's supervisor. `kept` is how long what is about people is kept."""
    tasks, watch = app.registry.tasks, Watch(app.registry, bot_id)
    old = Purge(app, kept, lambda: app.recordings.is_held_back)

    async def mind_the_clock() -> None:
        app.alarm.mind_the_clock(app.clock.now().timestamp(), app.clock.monotonic(), app.clock.elapsed())

    async def expire() -> None:
        if app.tokens.is_due(app.clock.now()):
            await expire_tokens(app)

    async def restore() -> None:
        if app.suspensions.is_due(app.clock.now()):
            await end_suspensions(app)

    tasks.every("presence", LOOK_EVERY, watch.look)
    tasks.every("conduct", CONDUCT_EVERY, ConductWatch(app.registry, bot_id).look)
    tasks.every("audiences", RELEASE_EVERY, app.registry.release)
    tasks.every("space clocks", TICKS_KEPT_EVERY, watch.keep_ticks)
    tasks.every("evidence", LOOK_EVERY, partial(cut_again, app))
    tasks.every("checkpoints", CHECKPOINTS_EVERY, partial(make_checkpoints, app))
    tasks.every("disk", DISK_LOOK_EVERY, disk.look)
    tasks.every("wall clock", 1.0, mind_the_clock)
    tasks.every("attendance", ATTENDANCE_EVERY, app.registry.store_attendance)
    tasks.every("expired tokens", 1.0, expire)
    tasks.every("ended suspensions", 1.0, restore)
    tasks.every("uses of tokens", STORED_EVERY, partial(app.tokens.store, app.db))
    tasks.every("old recordings", TIDY_EVERY, app.recordings.tidy)
    tasks.every("old evidence and words", PURGE_EVERY, old.run)
    tasks.later("unfinished clips", app.voices.clear)
    tasks.later("unfinished erasures", partial(forgetting.resume, app, app.recordings))
    tasks.every("voice clips", SWEEP_EVERY, partial(app.voices.sweep, app.db))
