"""Letting a program in from a browser: the device flow of RFC 8628."""

from __future__ import annotations

from typing import Annotated

from spacesctl.api.accounts import Name
from spacesctl.api.wire import Answer, Given, Meta, Time

Code = Annotated[str, Meta(max_length=100)]


class NewDevice(Given, frozen=True, kw_only=True):
    """A program that wants to be let in. `label` says which, and where it runs."""

    label: Name = ""


class DeviceCode(Answer, frozen=True, kw_only=True):
    """What a program needs to be let in. It shows `user_code`, and asks with `device_code` each `interval` seconds; a person opens `url`,
    or `whole_url`, which has the code in it."""

    device_code: str
    user_code: str
    url: str
    whole_url: str
    interval: int
    expires_at: Time

    def __repr__(self) -> str:
        return "DeviceCode(...)"  # it has a secret


class DeviceQuestion(Given, frozen=True, kw_only=True):
    """Whether a program has been let in."""

    device_code: Code

    def __repr__(self) -> str:
        return "DeviceQuestion(...)"  # it has a secret


class WaitingDevice(Answer, frozen=True, kw_only=True):
    """A program that waits to be let in: what it says it is, and its address."""

    user_code: str
    label: str
    host: str
    expires_at: Time


class DeviceDecision(Given, frozen=True, kw_only=True):
    """Whether a program is let in: it gets a token of the caller's account."""

    approve: bool
