"""The settings table `[requests]`: how large and how slow a request may be, and how many connections there may be."""

from __future__ import annotations

import resource

from pydantic import BaseModel, ConfigDict, Field

FOR_CONNECTIONS = 3 / 4
"""The part of the process' descriptors that connections may take. The rest is for the database, the engine and the bots (which may have
to be started again), files that are sent, and what we send out.
"""


class RequestLimits(BaseModel):
    """The table. Sizes are in bytes, times in seconds."""

    model_config = ConfigDict(extra="forbid")

    head_bytes: int = Field(default=16_384, ge=1_024, le=1 << 20)
    head_lines: int = Field(default=100, ge=10, le=1_000)
    head_seconds: float = Field(default=10, ge=0.1, le=3_600)
    body_gap_seconds: float = Field(default=20, ge=0.1, le=3_600)
    body_seconds: float = Field(default=300, ge=0.1, le=86_400)
    answer_seconds: float = Field(default=60, ge=0.1, le=3_600)
    idle_seconds: int = Field(default=5, ge=1, le=3_600)
    pipelined: int = Field(default=16, ge=0, le=1_000)
    connections: int = Field(default=0, ge=0)

    @property
    def most_connections(self) -> int:
        """`connections`, but never more than the descriptors of this process allow (which 0 stands for)."""
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if allowed == resource.RLIM_INFINITY:
            return self.connections or 1 << 20
        most = max(1, int(allowed * FOR_CONNECTIONS))
        return min(self.connections, most) if self.connections else most
