"""The signature of Coop's callbacks: RSASSA-PKCS1-v1_5 (RFC 8017, 8.2) with SHA-256 over the raw body, in base64.

Only public values are compared, so there is no time to be measured. What is signed has no time in it: that a callback counts once is up to
`application.coop`.
"""

from __future__ import annotations

import base64
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

HEADER: Final = "Coop-Signature"
MOST_HEADER: Final = 2048
LEAST_BITS: Final = 2048


class Verifier:
    """Holds Coop's public key."""

    def __init__(self, pem: str) -> None:
        """Raises ValueError when it is no RSA key of 2048 bits or more."""
        try:
            key = load_pem_public_key(pem.strip().encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ValueError("`public_key` is no public key in PEM") from error
        if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
            raise ValueError(f"`public_key` is no RSA key of {LEAST_BITS} bits or more")
        self._key = key

    def holds(self, signature: str, body: bytes) -> bool:
        """Whether this is the header of a callback with this body."""
        if len(signature) > MOST_HEADER:
            return False
        try:
            self._key.verify(base64.b64decode(signature, validate=True), body, PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True
