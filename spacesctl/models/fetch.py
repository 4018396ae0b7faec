"""Downloads a large file: resumes after an interruption, and returns the checksum."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from spacesctl.domain.errors import Invalid, NotFound, Refused, Unavailable
from spacesctl.support.numbers import whole

MOST_BYTES = 8 << 30
"""Size limit of a download."""
ATTEMPTS = 5
"""Each attempt resumes after the bytes that the earlier ones received."""
PAUSE = 1.0
"""Seconds before the second attempt; twice as long before each further one."""
TIMEOUT = httpx.Timeout(30.0, connect=10.0)

Progress = Callable[[int, int | None], None]
"""Called with the bytes received so far and, if the server tells it, the total."""


def fetch(url: str, target: Path, progress: Progress = lambda have, total: None, *, pause: float = PAUSE) -> str:
    """Download into `target` and return its SHA-256 in hex. After a failure `target.part` stays, and the next call
    resumes it.

    `pause` is the wait in seconds before the second attempt. Raises Invalid (the address), NotFound, Refused (too
    large, or no room on the disk) or Unavailable.
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
        except (httpx.InvalidURL, ValueError, ImportError) as error:  # the last: a proxy with SOCKS
            problem = f"{url!r} cannot be fetched: {error}"
            raise Invalid("--url", problem, hint="look at the address, and at HTTP_PROXY") from error
        except httpx.RequestError as error:
            if attempt == ATTEMPTS - 1:
                raise Unavailable(
                    f"{url} was interrupted ({type(error).__name__}); run the same command again to resume"
                ) from error
    part.replace(target)
    _etag(part).unlink(missing_ok=True)
    return sha256(target)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _etag(part: Path) -> Path:
    """The file beside a part that holds the ETag of the version it is a part of."""
    return part.with_name(f"{part.name}.etag")


def _go_on(url: str, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() and _etag(part).exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": _etag(part).read_text()}
    with httpx.stream("GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=True) as answer:
        if answer.status_code == 416:  # our part does not fit the file that is there now
            part.unlink()
            raise httpx.RemoteProtocolError("the file has changed")
        _check(answer, url)
        if answer.status_code != 206:
            have = 0
        total = _total(answer, have, part.parent)
        tag = answer.headers.get("etag")
        if tag is not None and not tag.startswith("W/"):  # a weak ETag does not guarantee the same bytes
            _etag(part).write_text(tag)
        else:
            _etag(part).unlink(missing_ok=True)
        with part.open("ab" if have else "wb") as file:
            for chunk in answer.iter_raw():  # written as it arrives, so that nothing is lost on an interruption
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
    """The length of the whole file, if the server tells it. Raises Refused if the rest does not fit on the disk."""
    rest = whole(answer.headers.get("content-length", ""))
    if rest is None:
        return None
    free = shutil.disk_usage(folder).free
    if rest > free:
        raise Refused("no_room", f"{rest >> 20} MiB are missing, and {folder} has {free >> 20} MiB free")
    return have + rest
