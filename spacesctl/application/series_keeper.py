"""Keeps every series running: after a Space of one starts or is over, the next occurrence is planned."""

from __future__ import annotations

from functools import partial

from spacesctl.application.app import App
from spacesctl.application.series import arrange_series
from spacesctl.live.outcome import Outcome
from spacesctl.store import series as series_store


class SeriesKeeper:
    """A subscriber of the registry. What it did not come to do before a crash, `open` does."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def open(self) -> None:
        """Bring all active series up to date at the start of the server."""
        async with self._app.db.read() as db:
            active = await series_store.active(db)
        for series in active:
            await arrange_series(self._app, series.id)
        self._app.registry.subscribers.append(self._on_outcome)

    def _on_outcome(self, outcome: Outcome) -> None:
        series_id = outcome.after.series_id
        moved = outcome.before is not None and outcome.before.state is not outcome.after.state
        if series_id is not None and moved:
            # Until it works: a series whose next occurrence is never planned would stop without a word.
            self._app.registry.tasks.later("plan a series", partial(arrange_series, self._app, series_id))
