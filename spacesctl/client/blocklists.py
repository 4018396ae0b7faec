"""Block lists as files: whom somebody blocks and why, signed (Ed25519, RFC 8032), so that who takes one over knows whose it is.

The signature is over the list without it, as JSON with sorted keys and no spaces, in UTF-8.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import structs
from platformdirs import user_config_path

from spacesctl.api.wire import Given, Meta, Time, dump, load, plain
from spacesctl.domain.errors import Invalid

MOST_ENTRIES = 5_000
MOST_BYTES = 2 << 20
SCHEMA = 1
Key = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Entry(Given, frozen=True, kw_only=True):
    """An account that is blocked, by its handle on the list's server."""

    handle: Annotated[str, Meta(pattern="^@[A-Za-z0-9_]{1,15}$")]
    reason: Annotated[str, Meta(max_length=280)] = ""


class BlockList(Given, frozen=True, kw_only=True):
    """A list by the account `by` of `server`. `key` is the signer's public key, in hexadecimal; `signature` as well."""

    schema: int
    server: Annotated[str, Meta(max_length=500)]
    by: Annotated[str, Meta(pattern="^@[A-Za-z0-9_]{1,15}$")]
    made_at: Time
    entries: Annotated[list[Entry], Meta(max_length=MOST_ENTRIES)]
    key: Key
    signature: Annotated[str, Meta(pattern="^([0-9a-f]{128})?$")] = ""


def signed(one: BlockList, key: Ed25519PrivateKey) -> BlockList:
    """The list with this key and its signature."""
    bare = structs.replace(one, key=key.public_key().public_bytes_raw().hex(), signature="")
    return structs.replace(bare, signature=key.sign(_signed_part(bare)).hex())


def written(one: BlockList) -> bytes:
    """The list as a file."""
    return msgspec.json.format(dump(one), indent=2) + b"\n"


def read(content: bytes, name: str) -> BlockList:
    """A list whose signature is right. Raises Invalid, which names the file."""
    if len(content) > MOST_BYTES:
        raise Invalid(name, f"has more than {MOST_BYTES} bytes")
    try:
        found = load(content, BlockList)
    except (ValueError, RecursionError) as error:
        raise Invalid(name, f"is no block list: {error}") from error
    if found.schema != SCHEMA:
        raise Invalid(name, f"is a block list of version {found.schema}; this is spacesctl for version {SCHEMA}")
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(found.key))
        public.verify(bytes.fromhex(found.signature), _signed_part(structs.replace(found, signature="")))
    except InvalidSignature as error:
        raise Invalid(name, "was changed since it was signed", hint="get it from who made it") from error
    return found


def own_key() -> Ed25519PrivateKey:
    """The key of this user, made when it is first needed, in a file that nobody else can read. Raises Invalid when it cannot be read."""
    path = key_path()
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text("ascii").strip()))
    except FileNotFoundError:
        return _new_key(path)
    except (OSError, ValueError) as error:
        raise Invalid(
            str(path), "cannot be read as a key", hint="remove it, and lists are signed by a new one"
        ) from error


def key_path() -> Path:
    """Where it is."""
    return user_config_path("spacesctl") / "blocklist.key"


def _new_key(path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key.private_bytes_raw().hex() + "\n")
    return key


def _signed_part(one: BlockList) -> bytes:
    return msgspec.json.encode(plain(one), order="sorted")
