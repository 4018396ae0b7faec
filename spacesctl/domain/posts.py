"""Posts, and the voice clips that a post or a direct message may carry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from spacesctl.domain.errors import Invalid

MAX_TEXT = 280
"""Characters of a post."""
MAX_CLIP_SECONDS = 140
UNUSED_CLIPS_KEPT = timedelta(hours=1)
"""How long a clip is kept that no post or message refers to."""
_EPOCH_MS = 1_288_834_974_657
"""The epoch of X's ids, in Unix milliseconds, so that ids sort among X's. From 2018 to 2080 they have 19 digits and
sort as text too.
"""


@dataclass(frozen=True)
class Clip:
    """A voice clip: mono Ogg Opus, 48 kHz. `size` is in bytes."""

    id: str
    owner_id: str
    duration_ms: int
    size: int
    at: datetime


@dataclass(frozen=True)
class Post:
    """A public post, with a voice clip if it has one."""

    id: str
    author_id: str
    text: str
    at: datetime
    clip: Clip | None = None


def post_id(now: datetime, serial: int) -> str:
    """Make an id that sorts by time: a decimal string of milliseconds, then `serial` (22 bits, rising or random)."""
    return str((round(now.timestamp() * 1000) - _EPOCH_MS) << 22 | serial & 0x3FFFFF)


def is_post_id(text: str) -> bool:
    """Whether `text` has the format of a post id."""
    return len(text) == 19 and text.isascii() and text.isdigit()


def checked_text(text: str, *, has_clip: bool) -> str:
    """The text of a post, stripped. It may be empty only if the post has a voice clip. Raises Invalid."""
    bare = text.strip()
    if len(bare) > MAX_TEXT:
        raise Invalid("text", f"has {len(bare)} characters; a post has at most {MAX_TEXT}")
    if not bare and not has_clip:
        raise Invalid("text", "is empty", hint="write something, or add a voice clip")
    return bare
