"""Identifiers and secrets: how they look and how they are made."""

from __future__ import annotations

import hashlib
import re
import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_SPACE_ID = re.compile(r"[A-Za-z0-9]{13}")
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
TOKEN_PREFIX = "spx_"


def new_space_id() -> str:
    """13 letters and digits, the shape that X API v2 gives Space ids."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(13))


def is_space_id(text: str) -> bool:
    return _SPACE_ID.fullmatch(text) is not None


def new_account_id() -> str:
    """A decimal string of a random 63-bit number: it says nothing about how many accounts there are."""
    return str(secrets.randbits(63) | 1 << 62)


def new_token() -> str:
    """A bearer token. It is shown once; only `token_hash` of it is kept."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """SHA-256, plain: the token has 256 random bits, so there is nothing that a slow hash would protect."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_session_id() -> str:
    """128 random bits: whoever knows the path of a WHIP or WHEP session may end it."""
    return secrets.token_hex(16)


def parse_handle(text: str) -> str | None:
    """The bare lower-case handle of `@Acme` or `acme`; None when it cannot be one (X's rule: 1 to 15 of `A-Za-z0-9_`)."""
    bare = text.removeprefix("@")
    return bare.lower() if _HANDLE.fullmatch(bare) else None
