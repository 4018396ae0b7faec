"""The files of the web app as they are sent: style sheets, scripts and pictures, packed once and told apart by a hash."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import Request
from fastapi.responses import Response

WEB: Final = Path(__file__).parents[2] / "web"
STARTER_RULES: Final = Path(__file__).parents[2] / "rules" / "starter.toml"
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".toml": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
_SMALL: Final = 500
"""Bytes: a packed file of less would be hardly smaller, or larger."""


@dataclass(frozen=True)
class WebFile:
    """A file, packed too where that saves something. `tag` is its entity tag (RFC 9110, 8.8.3)."""

    body: bytes
    packed: bytes | None
    media_type: str
    tag: str

    @classmethod
    def read(cls, path: Path) -> WebFile:
        body = path.read_bytes()
        # Without a time in it the same file is the same bytes in each process.
        packed = gzip.compress(body, 9, mtime=0) if len(body) >= _SMALL else None
        return cls(body, packed, TYPES[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:32]}"')

    def answer(self, request: Request) -> Response:
        """The file, packed for who takes that; 304 for who has it already."""
        headers = {**HEADERS, "ETag": self.tag, "Vary": "Accept-Encoding"}
        known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
        if self.tag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        if self.packed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(self.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=self.media_type)
        return Response(self.body, headers=headers, media_type=self.media_type)


def _takes_gzip(header: str) -> bool:
    """Whether `Accept-Encoding` names gzip and does not refuse it by a weight of 0 (RFC 9110, 12.5.3)."""
    for one in header.split(","):
        name, _, weight = one.replace(" ", "").partition(";q=")
        if name.lower() == "gzip":
            return weight.strip("0.") != "" if weight else True
    return False


@cache
def web_files() -> Mapping[str, WebFile]:
    """All of them by name, so that no name of others becomes a path. Reads the disk once in the life of a process."""
    paths = [path for path in sorted(WEB.iterdir()) if path.suffix in TYPES]
    return {path.name: WebFile.read(path) for path in paths} | {"starter-rules.toml": WebFile.read(STARTER_RULES)}
