"""Pages as the server writes them: one base for all, into which each puts its own part. What others wrote is escaped everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Final

from fastapi.responses import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from spacesctl.server.http.page_heads import Head
from spacesctl.server.http.web_files import HEADERS, WEB

FORMS: Final[Mapping[str, str]] = {
    **HEADERS,
    "Content-Security-Policy": "default-src 'self'; media-src 'self' blob:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
}
"""Of pages that send what is filled in by script alone: no form does."""


async def page(
    name: str, head: Head, status: int = 200, *, up: str = "", headers: Mapping[str, str] = FORMS
) -> Response:
    """The page `name`. `up` leads from its address to the root, whatever path a proxy serves that at."""
    text = await asyncio.to_thread(_written, name, head, up)
    more = {} if head.public else {"X-Robots-Tag": "noindex"}
    return Response(text, status, {**headers, **more}, "text/html; charset=utf-8")


def _written(name: str, head: Head, up: str) -> str:
    return _environment().get_template(f"{name}.html").render(head=head, root=up, name=name)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
