"""A request as the curl command that would make it: to learn the API from, or to send to somebody."""

from __future__ import annotations

import shlex

import httpx

_BY_ITSELF = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"}
"""Headers that curl sets as well, or that say nothing."""


def command(request: httpx.Request) -> str:
    """One line for a shell. The token is named, not shown; a body that is not text is read from a file of yours."""
    parts = ["curl"]
    if request.method != "GET":
        parts += ["-X", request.method]
    for name, value in request.headers.items():
        if name == "authorization":
            parts.append('-H "Authorization: Bearer $SPACESCTL_TOKEN"')
        elif name not in _BY_ITSELF:
            parts += ["-H", shlex.quote(f"{name}: {value}")]
    parts += _body(request)
    return " ".join([*parts, shlex.quote(str(request.url))])


def _body(request: httpx.Request) -> list[str]:
    try:
        body = request.content
    except httpx.RequestNotRead:
        return ["--data-binary", "@FILE"]
    if not body:
        return []
    try:
        return ["-d", shlex.quote(body.decode())]
    except UnicodeDecodeError:
        return ["--data-binary", "@FILE"]
