"""Notifications: where the caller's direct messages are sent too."""

from __future__ import annotations

from spacesctl.api.outside import NewOutlet, Outlet, OutletTest
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Listing, Operation, SyncGroup, segment

NOTHING = type(None)


def _add(new: NewOutlet, *, idempotency_key: str | None = None) -> Call[Outlet]:
    """Send direct messages to this address too, from now on."""
    return Call("POST", "/v1/notifications", Outlet, new, idempotency_key=idempotency_key)


def _list() -> Call[Page[Outlet]]:
    """The caller's addresses."""
    return Call("GET", "/v1/notifications", Page[Outlet])


def _remove(outlet_id: str) -> Call[None]:
    """Stop sending to an address."""
    return Call("DELETE", f"/v1/notifications/{segment(outlet_id)}", NOTHING)


def _test(outlet_id: str) -> Call[OutletTest]:
    """Send a test message now."""
    return Call("POST", f"/v1/notifications/{segment(outlet_id)}/test", OutletTest)


class _Calls:
    add = Operation(_add)
    list = Listing(_list)
    remove = Operation(_remove)
    test = Operation(_test)


class Notifications(_Calls, SyncGroup):
    """`client.notifications`."""


class AsyncNotifications(_Calls, AsyncGroup):
    """`client.notifications`."""
