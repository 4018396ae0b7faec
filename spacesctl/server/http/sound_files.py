"""Files of sound that the database names: sent whole or in parts, or 410 when they are lost."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from spacesctl.domain.errors import Gone
from spacesctl.server.http.wire_route import problem_responses
from spacesctl.support.numbers import MOST_DIGITS

_DIGITS = rf"[0-9]{{0,{MOST_DIGITS}}}"
_RANGE = re.compile(rf"\s*bytes\s*=\s*(?P<first>{_DIGITS})-(?P<last>{_DIGITS})\s*", re.IGNORECASE)
SOUND: dict[int | str, dict[str, Any]] = {
    200: {"content": {"audio/ogg": {}}},
    206: {"description": "A part", "content": {"audio/ogg": {}}},
    **problem_responses(416),
}
"""How routes declare these answers."""


class SoundFile(FileResponse):
    """Sends one part. What is no range, and several of them, is passed over as RFC 9110 allows (14.2): the whole file comes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises HTTPException 416 for a part beyond the file."""
        said = Headers(scope=scope)
        if "range" in said and not self._is_range(said["range"], said.get("if-range")):
            scope = {**scope, "headers": [one for one in scope["headers"] if one[0] != b"range"]}
        await super().__call__(scope, receive, send)

    def _is_range(self, asked: str, asked_if: str | None) -> bool:
        found = _RANGE.fullmatch(asked)
        if found is None or self.stat_result is None or (asked_if is not None and not self._should_use_range(asked_if)):
            return False
        size, first, last = self.stat_result.st_size, found["first"], found["last"]
        if not (first or last) or (first and last and int(last) < int(first)):
            return False
        if int(first) < size if first else int(last) > 0:
            return True
        raise HTTPException(416, "the part lies beyond the file", {"Content-Range": f"bytes */{size}"})


async def sound_file(path: Path, noun: str, ref: str, headers: Mapping[str, str] | None = None) -> FileResponse:
    """Answer with an Ogg file, also in parts (`Range`). Raises Gone when it is not there: somebody deleted it, or a backup left it out."""
    if (found := await asyncio.to_thread(_stat, path)) is None:
        raise Gone(noun, ref, "lost")
    return SoundFile(path, media_type="audio/ogg", headers=headers, stat_result=found)


def _stat(path: Path) -> os.stat_result | None:
    return path.stat() if path.is_file() else None
