"""Being let in by a person in a browser."""

from __future__ import annotations

from spacesctl.api import devices as wire
from spacesctl.api.accounts import MadeToken
from spacesctl.client.call import AsyncGroup, Call, Operation, SyncGroup, segment

PLACE = "/v1/devices"


def _ask(new: wire.NewDevice) -> Call[wire.DeviceCode]:
    """Begin to wait for a person who lets this program in."""
    return Call("POST", PLACE, wire.DeviceCode, new)


def _take(question: wire.DeviceQuestion) -> Call[MadeToken]:
    """The token, once somebody has let this program in. Raises Refused with reason `pending` until then."""
    return Call("POST", f"{PLACE}/token", MadeToken, question)


def _waiting(user_code: str) -> Call[wire.WaitingDevice]:
    """The program that waits with this code."""
    return Call("GET", f"{PLACE}/{segment(user_code)}", wire.WaitingDevice)


def _decide(user_code: str, decision: wire.DeviceDecision) -> Call[wire.WaitingDevice]:
    """Let a program in, or not."""
    return Call("PUT", f"{PLACE}/{segment(user_code)}", wire.WaitingDevice, decision)


class _Calls:
    ask = Operation(_ask)
    take = Operation(_take)
    waiting = Operation(_waiting)
    decide = Operation(_decide)


class Devices(_Calls, SyncGroup):
    """`client.devices`."""


class AsyncDevices(_Calls, AsyncGroup):
    """`client.devices`."""
