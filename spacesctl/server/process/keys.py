"""The key of a data folder. It derives and encrypts secrets that are needed in plain text and so cannot be hashed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from spacesctl.domain.errors import Invalid
from spacesctl.server.process.first_start import write_private
from spacesctl.store.folder import KEY

BYTES = 32


class Keys:
    """One secret of 32 bytes, from which each use derives its own key."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def fresh(cls) -> Keys:
        """A random key that is not stored."""
        return cls(secrets.token_bytes(BYTES))

    @classmethod
    def of_folder(cls, data: Path) -> Keys:
        """The folder's key, created (mode 0600) if there is none. Blocks. Raises Invalid."""
        path = data / KEY
        if not path.exists():
            write_private(path, secrets.token_hex(BYTES) + "\n")
        try:
            secret = bytes.fromhex(path.read_text())
        except ValueError as error:
            raise Invalid(str(path), "is not a key; restore it from a backup") from error
        if len(secret) != BYTES:
            raise Invalid(str(path), "is not a key; restore it from a backup")
        return cls(secret)

    def webhook_secret(self, webhook_id: str, number: int = 0) -> str:
        """A webhook's signing secret in the format of Standard Webhooks: `whsec_` and 32 bytes in base64. `number` counts its renewals."""
        use = f"webhook {webhook_id} {number}" if number else f"webhook {webhook_id}"
        return "whsec_" + base64.b64encode(self._derive(use)).decode()

    def seal(self, text: str) -> str:
        """Encrypt a text."""
        return self._fernet().encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Decrypt a text. Raises ValueError when it was encrypted with another key."""
        try:
            return self._fernet().decrypt(sealed).decode()
        except InvalidToken as error:
            raise ValueError("encrypted with another key") from error

    def mark(self, text: str) -> str:
        """A keyed hash that identifies a secret without revealing it: equal texts have equal marks, and only this key
        makes them.
        """
        return self._derive(f"mark {text}").hex()

    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._derive("outlets")))

    def _derive(self, use: str) -> bytes:
        return hmac.new(self._secret, use.encode(), hashlib.sha256).digest()
