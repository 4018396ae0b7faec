"""The API for programs: the command line, the bots, and yours. See docs/client.md.

with Client("http://127.0.0.1:8420", token) as client:
    space = client.spaces.create(NewSpace(title="Office hours"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacesctl.client.aio import AsyncClient
    from spacesctl.client.http import Client

__all__ = ["AsyncClient", "Client"]


def __getattr__(name: str) -> type[Client | AsyncClient]:
    """Only what is asked for is imported: the command line needs the synchronous client alone."""
    if name == "Client":
        from spacesctl.client.http import Client

        return Client
    if name == "AsyncClient":
        from spacesctl.client.aio import AsyncClient

        return AsyncClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
