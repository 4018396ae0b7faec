"""300 requests in 15 minutes per account and endpoint, reported in the `x-rate-limit-*` headers of each answer."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import Depends
from limits import RateLimitItemPerMinute
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from spacesctl.domain.errors import TooMany
from spacesctl.server.http.services import Here, SignedIn

QUOTA = RateLimitItemPerMinute(300, 15)


async def metered(app: Here, caller: SignedIn, request: Request) -> None:
    """A dependency that counts the request and sets the headers. Raises OverQuota."""
    limiter = MovingWindowRateLimiter(app.rates.windows)
    endpoint = f"x {request.scope['route'].path}"
    who = caller.account_id or ""
    allowed = limiter.hit(QUOTA, endpoint, who)
    stats = limiter.get_window_stats(QUOTA, endpoint, who)
    wait = max(0, math.ceil(stats.reset_time - app.rates.windows.clock()))
    headers = {
        "x-rate-limit-limit": str(QUOTA.amount),
        "x-rate-limit-remaining": str(max(0, stats.remaining)),
        "x-rate-limit-reset": str(math.ceil(app.clock.now().timestamp()) + wait),
    }
    request.state.quota = headers  # `XRoute` sends them
    if not allowed:
        raise OverQuota(wait, headers)


class OverQuota(TooMany):
    """The quota is used up. `wait` is in seconds; `headers` are those of the answer."""

    def __init__(self, wait: int, headers: dict[str, str]) -> None:
        super().__init__("requests", wait)
        self.headers = headers


Metered = Annotated[None, Depends(metered)]
