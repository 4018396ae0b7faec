"""Signed checkpoints of the audit log, in a folder of their own: who holds the data folder alone can neither make one nor take one away.

A checkpoint says how many entries a chain has had, and the hash of the last. The folder holds the key (Ed25519, RFC 8032) and one JSON line
a checkpoint, the oldest first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter

from spacesctl.domain.errors import Invalid

KEY: Final = "audit.key"
FILE: Final = "checkpoints.jsonl"
MOST_LINE: Final = 4096
"""Bytes that are read of a line; ours have about 300."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The first `count` entries of a chain (a Space's id or `server`) end with the hash `head`; true at `at` (RFC 3339)."""

    chain: str
    count: int
    head: str
    at: str
    signature: str = ""
    """By the folder's key, over the other fields; hexadecimal."""


_LINE = TypeAdapter(Checkpoint)


class Checkpoints:
    """The checkpoints of a server. Methods block: they read and write files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key: Ed25519PrivateKey | None = None
        self._written: dict[str, int] = {}
        """The newest count of each chain that this process has added."""

    @classmethod
    def beside(cls, data: Path) -> Checkpoints:
        """In the folder that has the data folder's name and `-audit`, next to it. `data` must have a name: not `.`."""
        return cls(data.with_name(data.name + "-audit"))

    def open(self) -> None:
        """Make the folder and the key where they are missing. Raises Invalid when they cannot be made or read."""
        path = self.folder / KEY
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            text = path.read_text("ascii") if path.exists() else _new_key(path)
            self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text.strip()))
        except (OSError, ValueError) as error:
            raise Invalid(str(path), "cannot be used as the key of the audit log's checkpoints") from error

    def sign(self, one: Checkpoint) -> Checkpoint:
        """It, signed. Raises Invalid as `open` does."""
        return replace(one, signature=self._own_key().sign(_signed_part(one)).hex())

    def append(self, new: Sequence[Checkpoint]) -> None:
        """Add signed ones at the end, on disk when this returns. Raises OSError. What was added already is left out: while a database
        cannot note that it was, the same are made again and again.
        """
        new = [one for one in new if self._written.get(one.chain) != one.count]
        if not new:
            return
        path = self.folder / FILE
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
            end = file.seek(0, os.SEEK_END)
            torn = end > 0 and os.pread(file.fileno(), 1, end - 1) != b"\n"
            lines = [_LINE.dump_json(one) for one in new]
            file.write((b"\n" if torn else b"") + b"\n".join(lines) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._written |= {one.chain: one.count for one in new}

    def read(self) -> tuple[list[Checkpoint], int | None]:
        """All that are signed by the key, and the number of the first line that is not, or None. The last line may be torn, by a kill or a
        full disk: what it was to say is said again. Raises Invalid as `open` does, or when the file cannot be read.
        """
        try:
            lines = (self.folder / FILE).read_bytes().split(b"\n")
        except FileNotFoundError:
            return [], None
        except OSError as error:
            raise Invalid(str(self.folder / FILE), error.strerror or str(error)) from error
        good: list[Checkpoint] = []
        bad: int | None = None
        for number, line in enumerate(lines, 1):
            if (one := self._checked(line)) is not None:
                good.append(one)
            elif line and not _is_torn(line) and bad is None:
                bad = number
        return good, bad

    def _checked(self, line: bytes) -> Checkpoint | None:
        if not line or len(line) > MOST_LINE:
            return None
        try:
            one = _LINE.validate_json(line)
            self._own_key().public_key().verify(bytes.fromhex(one.signature), _signed_part(one))
        except (ValueError, InvalidSignature):
            return None
        return one

    def _own_key(self) -> Ed25519PrivateKey:
        if self._key is None:
            self.open()
        assert self._key is not None
        return self._key


def _is_torn(line: bytes) -> bool:
    """Whether a line was not written to its end: it is no JSON, and begins as ours do."""
    whole = b'{"chain":"'
    return not line.endswith(b"}") and (line.startswith(whole) or whole.startswith(line))


def _signed_part(one: Checkpoint) -> bytes:
    return json.dumps([one.chain, one.count, one.head, one.at], separators=(",", ":")).encode()


def _new_key(path: Path) -> str:
    text = Ed25519PrivateKey.generate().private_bytes_raw().hex()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
    return text
