"""Identifiers and secrets: their format, and functions that make them."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from collections.abc import Callable

_ALPHABET = string.ascii_letters + string.digits
_SPACE_ID = re.compile(r"[A-Za-z0-9]{13}")
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
TOKEN_PREFIX = "spx_"
SESSION_PREFIX = "sps_"
LINK_PREFIX = "spl_"
DEVICE_PREFIX = "spd_"
CHALLENGE_PREFIX = "spc_"
STATE_PREFIX = "spo_"


def new_space_id() -> str:
    """Make a random id of 13 letters and digits, the format of Space ids in X API v2."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(13))


def is_space_id(text: str) -> bool:
    """Whether `text` has the format of a Space id."""
    return _SPACE_ID.fullmatch(text) is not None


def new_account_id() -> str:
    """Make an account id: a random 63-bit number as a decimal string, which does not reveal how many accounts there are."""
    return str(secrets.randbits(63) | 1 << 62)


def new_token() -> str:
    """Make a bearer token. It is shown once; only its `token_hash` is stored."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_session_secret() -> str:
    """Make the secret of a browser's session. Its prefix keeps it from being taken for a token."""
    return SESSION_PREFIX + secrets.token_urlsafe(32)


def new_link_code() -> str:
    """Make the code of a link that is good for one use: short enough for a QR code that a telephone reads across a table."""
    return LINK_PREFIX + secrets.token_urlsafe(24)


def new_device_code() -> str:
    """Make the secret of a program that waits to be let in."""
    return DEVICE_PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """The SHA-256 of a token, a session's secret or a link's code. A slow hash would add nothing: they have 192 random bits and more."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_session_id() -> str:
    """Make a session id of 128 random bits. It must not be guessable: anyone who knows the path of a WHIP or WHEP
    session can end it.
    """
    return secrets.token_hex(16)


def parse_handle(text: str) -> str | None:
    """The bare lower-case handle of `@Acme` or `acme`; None when it is malformed (X's rule: 1 to 15 of `A-Za-z0-9_`)."""
    bare = text.removeprefix("@")
    return bare.lower() if _HANDLE.fullmatch(bare) else None


def retired_handle(handle: str, mark: Callable[[str], str]) -> str:
    """What stands for the handle of a deleted account: it is never given again, and cannot be read back. No handle looks like it. `mark` is
    a keyed hash: without its key all handles could be tried.
    """
    return f"~{mark(f'handle {handle}')[:14]}"
