"""TLS: one context, whose certificate is renewed without affecting open connections."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from pathlib import Path

import structlog
from cryptography import x509

from spacesctl.domain.errors import Invalid

LOOK_EVERY = 10.0
"""Seconds between two checks of the files; SIGHUP checks at once."""
_log = structlog.get_logger()


class Certificate:
    """A certificate chain and its key, from two PEM files. `context` is for new connections; renewals change it in place."""

    def __init__(self, cert: Path, key: Path) -> None:
        """Reads the files. Raises Invalid, naming the file."""
        self._cert, self._key = cert, key
        self._seen = self._stamps()
        self.context = _context()
        self._check()
        self._take()

    async def keep(self, nudged: asyncio.Event) -> None:
        """Load each new pair, for ever. An invalid one is logged, and the old one stays in use. Setting `nudged` loads at once."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await nudged.wait()
            asked = nudged.is_set()
            nudged.clear()
            if asked or await asyncio.to_thread(self._stamps) != self._seen:
                await self._renew()

    async def _renew(self) -> None:
        try:
            self._seen = await asyncio.to_thread(self._stamps)
            # A mismatched pair would leave the context in use half changed, so it is tried on another context first.
            await asyncio.to_thread(self._check)
            self._take()
        except Invalid as error:
            _log.error("the new certificate is invalid; the old one stays in use", problem=error.message)

    def _take(self) -> None:
        """Runs on the event loop, since the context must not change during a handshake. The files are small."""
        _load(self.context, self._cert, self._key)

    def _check(self) -> None:
        """Raises Invalid."""
        _load(_context(), self._cert, self._key)
        try:
            first = x509.load_pem_x509_certificates(self._cert.read_bytes())[0]
        except (OSError, ValueError) as error:
            raise Invalid(str(self._cert), "is not a certificate chain in PEM") from error
        _log.info("certificate", serial=f"{first.serial_number:x}", until=first.not_valid_after_utc.isoformat())

    def _stamps(self) -> list[tuple[int, int, int] | None]:
        """Values that change when a file is rewritten or a link is redirected."""
        return [_stamp(path) for path in (self._cert, self._key)]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    """Raises Invalid. An encrypted key is refused, as there is no way to ask for the passphrase."""
    for path in (cert, key):
        if not os.access(path, os.R_OK):
            raise Invalid(str(path), "cannot be read")
    try:
        context.load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, OSError) as error:
        why = getattr(error, "reason", None) or "not PEM"
        raise Invalid(str(cert), f"does not go with the key {key} ({why})") from error
