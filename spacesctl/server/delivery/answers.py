"""What becomes of one attempt to send something outside, in words that tell nothing of its address."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import httpx

from spacesctl.server.delivery.retry_after import seconds
from spacesctl.server.delivery.safe_http import WITHIN, Forbidden


@dataclass(frozen=True)
class Answer:
    """The result of an attempt: a status, or a problem as a text without any part of the URL."""

    status: int | None
    problem: str | None
    wait: float = 0.0
    """Seconds that the receiver asks to wait (`Retry-After`)."""
    body: bytes = b""
    """The beginning of what it answered, if that was asked for."""

    @property
    def good(self) -> bool:
        return self.problem is None


async def asked(request: Awaitable[tuple[int, str] | tuple[int, str, bytes]], now: Callable[[], datetime]) -> Answer:
    """Await a request of `SafeHttp`. Everything that may go wrong with it is an answer, too."""
    try:
        status, retry_after, *body = await request
    except Forbidden as error:
        return Answer(None, str(error))
    except (TimeoutError, httpx.TimeoutException):
        return Answer(None, f"it took longer than {WITHIN:.0f} s")
    except socket.gaierror:
        return Answer(None, "its name cannot be resolved")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        # The text of a library's error may contain the URL; the name of its class does not.
        return Answer(None, f"it cannot be reached ({type(error).__name__})")
    if 200 <= status < 300:
        return Answer(status, None)
    problem = "it redirects, which is not followed" if 300 <= status < 400 else f"it answered {status}"
    return Answer(status, problem, seconds(retry_after, now()), *body)
