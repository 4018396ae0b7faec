"""Fetching a large file: goes on where it broke off, and is what its checksum says, or is not kept."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from spacesctl.domain.errors import Invalid, NotFound, Refused, Unavailable

MOST_BYTES = 8 << 30
ATTEMPTS = 5
"""Of which each goes on from the bytes that the one before brought."""
PAUSE = 1.0
"""Seconds before the second attempt; twice as long before each further one."""
TIMEOUT = httpx.Timeout(30.0, connect=10.0)

Progress = Callable[[int, int | None], None]
"""Told the bytes that are here and, where the server says it, how many there will be."""


def fetch(url: str, target: Path, progress: Progress = lambda have, total: None, *, pause: float = PAUSE) -> str:
    """Download into `target`, by way of `target.part`, which stays for the next time when it breaks off; its SHA-256, in hex.

    Raises NotFound, Refused (too large, or no room on the disk) or Unavailable.
    """
    if not url.startswith(("https://", "http://")):
        raise Invalid("--url", "is not an http or https address")
    part = target.with_name(f"{target.name}.part")
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            _go_on(url, part, progress)
            break
        except httpx.TransportError as error:
            if attempt == ATTEMPTS - 1:
                raise Unavailable(
                    f"{url} broke off ({type(error).__name__}); the same command goes on from there"
                ) from error
    part.replace(target)
    _etag(part).unlink(missing_ok=True)
    return sha256(target)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _etag(part: Path) -> Path:
    """Beside a part: which version of the file it is a part of."""
    return part.with_name(f"{part.name}.etag")


def _go_on(url: str, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() and _etag(part).exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": _etag(part).read_text()}
    with httpx.stream("GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=True) as answer:
        if answer.status_code == 416:  # what we have is not a beginning of what is there now
            part.unlink()
            raise httpx.RemoteProtocolError("the file has changed")
        _check(answer, url)
        if answer.status_code != 206:
            have = 0
        total = _total(answer, have, part.parent)
        tag = answer.headers.get("etag")
        if tag is not None and not tag.startswith("W/"):  # a weak one does not promise the same bytes
            _etag(part).write_text(tag)
        else:
            _etag(part).unlink(missing_ok=True)
        with part.open("ab" if have else "wb") as file:
            for chunk in answer.iter_raw():  # as it comes, so that nothing is lost when it breaks off
                have += len(chunk)
                if have > MOST_BYTES:
                    raise Refused("too_large", f"{url} has more than {MOST_BYTES >> 30} GiB")
                file.write(chunk)
                progress(have, total)
    if total is not None and have != total:
        raise httpx.RemoteProtocolError("it ended early")


def _check(answer: httpx.Response, url: str) -> None:
    if answer.status_code in (404, 410):
        raise NotFound("file", url)
    if answer.status_code >= 500:
        raise httpx.RemoteProtocolError(f"status {answer.status_code}")
    if not answer.is_success:
        raise Unavailable(f"{url} answered {answer.status_code}")


def _total(answer: httpx.Response, have: int, folder: Path) -> int | None:
    """How long the whole file is, where it is said, and that there is room for the rest of it."""
    length = answer.headers.get("content-length", "")
    if not length.isdigit():
        return None
    rest = int(length)
    free = shutil.disk_usage(folder).free
    if rest > free:
        raise Refused("no_room", f"{rest >> 20} MiB are to come, and {folder} has {free >> 20} MiB free")
    return have + rest
