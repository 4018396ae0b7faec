"""Checks of the set-up: configuration, database, TLS, speech model."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from spacesctl.doctor.finding import Finding, fail, ok, warn
from spacesctl.server.process.setting_origins import Origin
from spacesctl.server.process.settings import Settings
from spacesctl.store.sqlite import schema

SOON = timedelta(days=14)
"""A certificate that expires sooner than this is a warning."""


def config(origins: list[Origin]) -> Finding:
    """Which settings differ from the defaults, and where they are set."""
    said = [f"{one.name} from {one.origin}" for one in origins if one.origin != "default"]
    return ok("config", ", ".join(said) if said else "all settings have their defaults")


def database(data: Path) -> Finding:
    """Whether the database can be read, is undamaged, and has a schema that this version knows."""
    path = data / "spaces.db"
    if not path.exists():
        return ok("database", "none yet; the first start creates it")
    try:
        found, sound = schema.inspect(path)
    except ValueError as error:
        return fail("database", f"{path} cannot be read ({error})", "`spacesctl restore` a backup")
    if sound != "ok":
        return fail("database", f"{path} is damaged ({sound})", "`spacesctl restore` a backup")
    known = schema.revisions()
    if found not in known:
        return fail("database", f"schema {found} is from a later version of spacesctl", "upgrade spacesctl")
    if found != known[0]:
        return warn(
            "database", f"schema {found}; this version has {known[0]}", "the next start migrates it and keeps a copy"
        )
    return ok("database", f"schema {found}, undamaged")


def tls(settings: Settings, now: datetime | None = None) -> Finding:
    """Whether the certificate and its key can be used, and for how long; or whether the server may do without."""
    if settings.tls_cert is None or settings.tls_key is None:
        return _without_tls(settings)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
        leaf = x509.load_pem_x509_certificates(settings.tls_cert.read_bytes())[0]
    except (OSError, ssl.SSLError, ValueError) as error:
        return fail(
            "tls",
            f"{settings.tls_cert}, {settings.tls_key}: {error}",
            "give a certificate chain and its key as PEM files that this user can read",
        )
    left = leaf.not_valid_after_utc - (now or datetime.now(UTC))
    said = f"{settings.tls_cert} is valid until {leaf.not_valid_after_utc:%Y-%m-%d}"
    if left < timedelta(0):
        return fail("tls", f"{settings.tls_cert} expired on {leaf.not_valid_after_utc:%Y-%m-%d}", "renew it")
    if left < SOON:
        return warn("tls", said, "renew it; the server loads a new one without a restart")
    return ok("tls", said)


def _without_tls(settings: Settings) -> Finding:
    if settings.binds_loopback_only or settings.behind_proxy:
        said = (
            "done by the proxy"
            if settings.behind_proxy
            else "none, and none is needed: HTTP is open to this machine only"
        )
        return ok("tls", said)
    if settings.insecure:
        todo = "give tls_cert and tls_key, or put a proxy in front"
        return warn("tls", "HTTP is open to other machines without TLS: browsers allow no microphone there", todo)
    return fail("tls", f"HTTP on {settings.http} has no TLS, so the server will not start", "give tls_cert and tls_key")


def model(settings: Settings) -> Finding:
    """Which speech model the bot would use."""
    if not settings.bots:
        return ok("model", "not used: the bot is switched off")
    from bots.models import ModelError, find

    try:
        found = find(setting=settings.model, data=settings.data)
    except ModelError as error:
        return fail(
            "model", str(error), "`spacesctl models list` shows those to download; or set `model` to a model's folder"
        )
    if found.notice:
        todo = "run `spacesctl models pull vosk-model-en-us-0.22-lgraph`"
        return warn("model", "the small shipped one, which understands only synthetic voices, not people", todo)
    return ok("model", f"{found.name}")
