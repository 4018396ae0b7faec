"""The key of a data folder: what secrets are derived from, or sealed with, that must be used again and so cannot be hashed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from spacesctl.domain.errors import Invalid
from spacesctl.server.process.first_start import write_private
from spacesctl.store.backup import KEY

BYTES = 32


class Keys:
    """One secret of 32 bytes; each use gets a key of its own from it."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def fresh(cls) -> Keys:
        return cls(secrets.token_bytes(BYTES))

    @classmethod
    def of_folder(cls, data: Path) -> Keys:
        """The folder's key, made (mode 0600) where there is none. Blocks. Raises Invalid."""
        path = data / KEY
        if not path.exists():
            write_private(path, secrets.token_hex(BYTES) + "\n")
        try:
            secret = bytes.fromhex(path.read_text())
        except ValueError as error:
            raise Invalid(str(path), "is no key; restore it from a backup") from error
        if len(secret) != BYTES:
            raise Invalid(str(path), "is no key; restore it from a backup")
        return cls(secret)

    def webhook_secret(self, webhook_id: str) -> str:
        """In the form of Standard Webhooks: `whsec_` and 32 bytes in base64."""
        return "whsec_" + base64.b64encode(self._derive(f"webhook {webhook_id}")).decode()

    def seal(self, text: str) -> str:
        return self._fernet().encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Raises ValueError when it was sealed with another folder's key."""
        try:
            return self._fernet().decrypt(sealed).decode()
        except InvalidToken as error:
            raise ValueError("sealed with another key") from error

    def mark(self, text: str) -> str:
        """Tells a secret from others without being one: the same text has the same mark, which nobody else can make."""
        return self._derive(f"mark {text}").hex()

    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._derive("outlets")))

    def _derive(self, use: str) -> bytes:
        return hmac.new(self._secret, use.encode(), hashlib.sha256).digest()
