"""A request as a curl command, to learn the API or to show a call to somebody."""

from __future__ import annotations

import shlex

import httpx

_BY_ITSELF = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"}
"""Headers that curl sets itself, or that do not matter."""


def command(request: httpx.Request) -> str:
    """One line for a shell. The token is a variable; for a body that is not text it names a file, `@FILE`."""
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
