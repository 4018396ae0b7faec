"""What is measured while the server works, for `/metrics`: its answers over HTTP, and how far captions are behind what was said."""

from __future__ import annotations

import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""Methods that have a figure of their own; anybody can invent others."""
_ANSWERED_IN: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BEHIND: Final = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
disable_created_metrics()  # type: ignore[no-untyped-call]  # a second figure for each counter, which nobody reads


class Measured:
    """The counters and histograms of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "spacesctl_http_requests", "Answers over HTTP.", ["method", "status"], registry=self.registry
        )
        self.answer_seconds = Histogram(
            "spacesctl_http_answer_seconds",
            "Seconds from a request to the head of its answer.",
            registry=self.registry,
            buckets=_ANSWERED_IN,
        )
        self.caption_seconds = Histogram(
            "spacesctl_caption_lag_seconds",
            "Seconds from the end of an utterance to its final caption.",
            registry=self.registry,
            buckets=_BEHIND,
        )


class MeasuredAnswers:
    """A pure ASGI middleware that counts answers, and times them up to their heads: event streams and players last for hours."""

    def __init__(self, app: ASGIApp, measured: Measured) -> None:
        self._app = app
        self._measured = measured

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, measured = time.monotonic(), self._measured

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"] if scope["method"] in _METHODS else "other"
                measured.requests.labels(method, message["status"]).inc()
                measured.answer_seconds.observe(time.monotonic() - began)
            await send(message)

        await self._app(scope, receive, told)
