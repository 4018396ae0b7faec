"""What a browser calls itself, in a few words, so that people know their sessions."""

from __future__ import annotations

from typing import Final

from starlette.requests import HTTPConnection

from spacesctl.application.sessions import Browser
from spacesctl.server.http.services import client_host, of_session

# In this order: most call themselves by the names of others, too.
_PROGRAMS: Final = {"Edg": "Edge", "OPR/": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS: Final = {
    "Android": "Android",
    "iPhone": "an iPhone",
    "iPad": "an iPad",
    "Windows": "Windows",
    "Mac OS": "a Mac",
    "Linux": "Linux",
}


async def browser_of(connection: HTTPConnection) -> Browser:
    """The browser of a request, with the session that it has. Only words of ours are taken from what it says."""
    said = connection.headers.get("user-agent", "")[:500]
    program = next((name for mark, name in _PROGRAMS.items() if mark in said), "a browser")
    system = next((f" on {name}" for mark, name in _SYSTEMS.items() if mark in said), "")
    return Browser(program + system, client_host(connection)[:45], await of_session(connection))
