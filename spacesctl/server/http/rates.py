"""Limits: rates by account and by address, and how many of a thing one may have at once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Any

from limits import RateLimitItem, RateLimitItemPerSecond, parse_many
from limits.strategies import MovingWindowRateLimiter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from spacesctl.domain.errors import TooMany
from spacesctl.domain.principals import Person
from spacesctl.server.http.sliding_window import SlidingWindows

LOOPBACK = 100
"""The factor by which limits by address are higher for this machine itself: benches, the demo and the operator's
scripts need hundreds, and local users have easier ways to overload the machine.
"""
LOOK_AGAIN = 60
"""The `Retry-After` in seconds for somebody who has too many of a thing."""
BLOCK = 16 << 10
"""Bytes of the unit that limits on bytes count in."""
_OFF = ("", "0", "off")


def _rate(value: Any) -> str:
    text = str(value).strip().lower()
    if text in _OFF:
        return "off"
    try:
        items = parse_many(text)
    except ValueError as error:
        raise ValueError('must be a rate like "10/second" or "60/minute; 1000/day", or "off"') from error
    if any(item.amount < 1 for item in items):
        raise ValueError('must be at least 1; "off" removes the limit')
    return text


def _count(value: Any) -> Any:
    return 0 if isinstance(value, str) and value.strip().lower() in _OFF else value


Rate = Annotated[str, BeforeValidator(_rate)]
Count = Annotated[int, BeforeValidator(_count), Field(ge=0)]


class Limits(BaseModel):
    """The settings table `[limits]`: rates, then how many at once. "off" (or 0) is no limit. Limits by address leave
    room for an office behind one address, the others for a person who types or clicks.
    """

    model_config = ConfigDict(extra="forbid")

    sign_in: Rate = "60/minute"
    password: Rate = "10/minute; 100/hour"
    sign_up: Rate = "20/hour"
    account: Rate = "120/minute"
    join: Rate = "600/minute"
    session: Rate = "3000/minute"
    change: Rate = "300/minute"
    space: Rate = "100/day"
    dm: Rate = "60/minute; 2000/day"
    invite: Rate = "500/hour"
    post: Rate = "60/hour"
    hand: Rate = "30/minute"
    reaction: Rate = "10/second"
    chat: Rate = "5/second; 60/minute"
    typing: Rate = "10/second"
    report: Rate = "30/hour"
    appeal: Rate = "20/hour"
    outside: Rate = "10/minute"
    verify: Rate = "6/minute"
    export: Rate = "10/day"
    coop: Rate = "600/minute"
    rule_file: Rate = "1024/day"
    evidence: Rate = "4096/day"
    live_spaces: Count = 20
    tokens: Count = 200
    peers: Count = 1000
    connections: Count = 512
    streams: Count = 256
    webhooks: Count = 20
    outlets: Count = 10
    clip_mib: Count = 256


NO_LIMITS = Limits.model_validate(dict.fromkeys(Limits.model_fields, 0))

_CALLED = {
    "sign_in": "attempts to sign in, or unknown tokens, from your address",
    "password": "wrong passwords for this handle",
    "sign_up": "new accounts from your address",
    "account": "new accounts from your address",
    "join": "joins from your address",
    "session": "changes of connections from your address",
    "change": "changes",
    "space": "new Spaces",
    "dm": "messages",
    "invite": "invitations",
    "post": "posts",
    "hand": "requests to speak",
    "reaction": "reactions",
    "chat": "messages in chats",
    "typing": "characters that you type",
    "report": "reports",
    "appeal": "appeals",
    "outside": "tests of webhooks and notifications",
    "verify": "checks of the audit log",
    "export": "exports of what is kept about you",
    "coop": "decisions from your address",
    "rule_file": "bytes of rule files",
    "evidence": "bytes of evidence",
    "live_spaces": "live Spaces of one host (end one)",
    "tokens": "tokens of one account (`account revoke` some)",
    "peers": "connections from your address",
    "webhooks": "webhooks (remove one)",
    "outlets": "notification addresses (remove one)",
    "clip_mib": "MiB of voice clips (delete posts that have one)",
}


@dataclass
class Spent:
    """What one check counted: keys of windows and how many requests in each, at `at` in seconds of their clock."""

    windows: SlidingWindows | None = None
    at: float = 0.0
    counted: list[tuple[str, int]] = field(default_factory=list)

    def give_back(self) -> None:
        """Uncount it; a second time has no effect."""
        while self.windows is not None and self.counted:
            key, amount = self.counted.pop()
            self.windows.give_back(key, amount, self.at)


class Rates:
    """Counts in memory; a restart resets them. Each check raises TooMany with the whole seconds to wait; a request that is
    refused for its limit is not counted.
    """

    def __init__(self, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits or Limits()
        self.windows = SlidingWindows(clock)
        self._limiter = MovingWindowRateLimiter(self.windows)
        self._items = {
            name: parse_many(value)
            for name, value in self.limits.model_dump().items()
            if isinstance(value, str) and value != "off"
        }
        self._local: dict[str, list[RateLimitItem]] = {
            name: [RateLimitItemPerSecond(item.amount * LOOPBACK, item.get_expiry()) for item in items]
            for name, items in self._items.items()
        }

    def by_account(self, name: str, caller: Person, cost: int = 1) -> Spent:
        """Count `cost` requests of an account. Admins and the bundled bot are exempt, since they act for others. Raises TooMany."""
        if caller.is_admin or caller.is_service_bot:
            return Spent()
        return self._take(name, self._items.get(name, []), caller.account_id or "", cost)

    def by_name(self, name: str, what: str) -> Spent:
        """Count a request that is about something named, whether or not it exists. Raises TooMany."""
        return self._take(name, self._items.get(name, []), what, 1)

    def by_address(self, name: str, host: str) -> Spent:
        """Count a request from an address. Raises TooMany."""
        items = self._local if is_loopback(host) else self._items
        return self._take(name, items.get(name, []), address_key(host), 1)

    def admits(self, name: str, caller: Person, size: int) -> bool:
        """Count `size` bytes that an account causes, if its limit allows them; whether it does."""
        try:
            self.by_account(name, caller, blocks(size))
        except TooMany:
            return False
        return True

    def at_once(self, name: str, have: int, *, host: str = "") -> None:
        """Check that one more is allowed beside the `have` existing ones. If `host` is this machine, the limit is
        higher. Raises TooMany.
        """
        most = getattr(self.limits, name) * (LOOPBACK if host and is_loopback(host) else 1)
        if most and have >= most:
            raise TooMany(f"{_CALLED[name]}; the limit is {most}", LOOK_AGAIN)

    def _take(self, name: str, items: list[RateLimitItem], who: str, cost: int) -> Spent:
        for item in items:
            # A cost above the whole limit counts as the limit; otherwise the request could never pass.
            if not self._limiter.test(item, name, who, cost=min(cost, item.amount)):
                reset = self._limiter.get_window_stats(item, name, who).reset_time
                raise TooMany(_CALLED[name], max(1, math.ceil(reset - self.windows.clock())))
        spent = Spent(self.windows, self.windows.clock())
        for item in items:
            amount = min(cost, item.amount)
            self.windows.add(key := item.key_for(name, who), item.get_expiry(), amount, spent.at)
            spent.counted.append((key, amount))
        return spent


def blocks(size: int) -> int:
    """How many units so many bytes count as."""
    return -(-size // BLOCK)


def address_key(host: str) -> str:
    """The key that addresses are counted by: an IPv4 address, an IPv6 /64 network (each subscriber has at least one),
    or the given name.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> 64 << 64)) + "/64"
    return str(address)


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's loopback; False for names."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
