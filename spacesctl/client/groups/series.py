"""Series of recurring Spaces."""

from __future__ import annotations

from spacesctl.api.series import NewSeries, SeriesChange
from spacesctl.api.series import Series as OneSeries
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Listing, Operation, SyncGroup, segment

NOTHING = type(None)


def place(*parts: str) -> str:
    """A path below the series."""
    return "/".join(("/v1/series", *(segment(one) for one in parts)))


def _create(new: NewSeries, *, idempotency_key: str | None = None) -> Call[OneSeries]:
    """Create a series."""
    return Call("POST", "/v1/series", OneSeries, new, idempotency_key=idempotency_key)


def _list() -> Call[Page[OneSeries]]:
    """The caller's series."""
    return Call("GET", "/v1/series", Page[OneSeries])


def _get(series_id: str) -> Call[OneSeries]:
    """One series."""
    return Call("GET", place(series_id), OneSeries)


def _edit(series_id: str, change: SeriesChange) -> Call[OneSeries]:
    """Edit a series, and its coming Space."""
    return Call("PATCH", place(series_id), OneSeries, change)


def _pause(series_id: str) -> Call[OneSeries]:
    """Create no more Spaces until it is resumed."""
    return Call("POST", place(series_id, "pause"), OneSeries)


def _resume(series_id: str) -> Call[OneSeries]:
    """Resume a paused series."""
    return Call("POST", place(series_id, "resume"), OneSeries)


def _skip(series_id: str) -> Call[OneSeries]:
    """Cancel the coming Space and plan the next one."""
    return Call("POST", place(series_id, "skip"), OneSeries)


def _delete(series_id: str) -> Call[None]:
    """Delete a series, and cancel its coming Space."""
    return Call("DELETE", place(series_id), NOTHING)


class _Calls:
    create = Operation(_create)
    list = Listing(_list)
    get = Operation(_get)
    edit = Operation(_edit)
    pause = Operation(_pause)
    resume = Operation(_resume)
    skip = Operation(_skip)
    delete = Operation(_delete)


class Series(_Calls, SyncGroup):
    """`client.series`."""


class AsyncSeries(_Calls, AsyncGroup):
    """`client.series`."""
