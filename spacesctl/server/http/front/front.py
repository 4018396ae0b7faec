"""What all listening sockets of the server share: limits, places, and counts of what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from spacesctl.server.http.front.by_address import AddressCounts
from spacesctl.server.http.front.connections import Connections
from spacesctl.server.http.front.limits import RequestLimits
from spacesctl.server.http.rates import Limits

WHY: Final = (
    "address", "answer_unread", "body_time", "body_unwanted", "full", "gave_way", "handshake", "head_lines", "head_size", "head_time",
    "host", "host_lines", "malformed", "pipelined", "silent", "streams",
)  # fmt: skip
"""Why requests and connections are refused or closed: the labels of the counter."""


def _nobody(host: str) -> bool:
    return False


class Front:
    """The limits in force. `exempt` says which addresses are trusted proxies: their connections are other people's, so requests are
    counted by the forwarded address instead.
    """

    def __init__(
        self,
        requests: RequestLimits | None = None,
        limits: Limits | None = None,
        exempt: Callable[[str], bool] = _nobody,
    ) -> None:
        self.requests, self.limits = requests or RequestLimits(), limits or Limits()
        self.refused: Counter[str] = Counter()
        """Requests and connections that were refused, by reason."""
        self.connections = Connections(
            self.requests.most_connections, lambda: self.limits.connections, exempt, self.refused
        )
        self.in_progress = AddressCounts()
        """Requests, by the address that proxies forward."""
        self.streams = AddressCounts()
        """Event streams."""
