"""Files of sound that the database names: sent whole or in parts, or 410 when they are lost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from fastapi.responses import FileResponse

from spacesctl.domain.errors import Gone


async def sound_file(path: Path, noun: str, ref: str, headers: Mapping[str, str] | None = None) -> FileResponse:
    """Answer with an Ogg file, also in parts (`Range`). Raises Gone when it is not there: somebody deleted it, or a backup left it out."""
    if not await asyncio.to_thread(path.is_file):
        raise Gone(noun, ref, "lost")
    return FileResponse(path, media_type="audio/ogg", headers=headers)
