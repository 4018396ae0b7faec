"""Checks addresses of apprise (https://appriseit.com), and sends one message to one of them. Sending blocks."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from spacesctl.domain.errors import Invalid, Refused

DEFAULT_SCHEMES = ("discord", "gchat", "line", "pbul", "pover", "slack", "tgram", "twilio", "whatsapp", "wxteams")
"""Services with fixed hosts: an address selects an account there, but not the machine that the request goes to."""
ON_THIS_MACHINE = frozenset({"blink1", "dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})
"""Schemes that act on the machine of the server itself. They are never allowed, because any account could use them."""
MOST_URL = 1_000
_CONNECT, _READ = 5.0, 10.0
_NOT_YOURS = ("template", "file", "path", "attach", "pgp", "verify", "redirect", "cto", "rto")
"""Parameters whose names contain one of these are refused. They read the server's files, weaken TLS, or change timeouts or redirects."""


def scheme_of(url: str, allowed: Collection[str]) -> str:
    """The scheme of an allowed address. Raises Invalid, with a message that never contains the address."""
    if len(url) > MOST_URL:
        raise Invalid("url", f"has at most {MOST_URL} characters")
    try:
        parts = urlsplit(url.strip())
    except ValueError as error:  # such as `http://[`
        raise Invalid("url", "is no address") from error
    scheme = parts.scheme.lower()
    if scheme not in allowed or scheme in ON_THIS_MACHINE:
        names = ", ".join(f"{name}://" for name in sorted(allowed)) or "nothing"
        hint = "the operator may allow others: notify_schemes"
        raise Invalid("url", f"{f'{scheme}://' if scheme else 'this'} is not allowed here; {names} is", hint=hint)
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if any(part in name.lower() for part in _NOT_YOURS):
            raise Invalid("url", f"the parameter {name[:20]} is not for others to set")
    return scheme


def shown(url: str, allowed: Collection[str]) -> str:
    """The address for listings: its scheme, and its host if that is not secret. Raises Invalid or Refused."""
    scheme = scheme_of(url, allowed)
    plugin = _plugin(url)
    host = plugin.template_tokens.get("host")
    return f"{scheme}://{plugin.host}/…" if host and not host.get("private") and plugin.host else f"{scheme}://…"


def deliver(url: str, allowed: Collection[str], title: str, body: str) -> bool:
    """Send a message. Returns whether the service accepted it. Raises Invalid or Refused when the address is not allowed (any more)."""
    scheme_of(url, allowed)
    return bool(_plugin(url).notify(title=title, body=body))


def _plugin(url: str) -> Any:
    try:
        import apprise
    except ModuleNotFoundError as error:
        hint = "the operator installs it: pip install 'spacesctl[notify]'"
        raise Refused(
            "not_installed", "this server cannot send notifications: apprise is missing", hint=hint
        ) from error
    # Their log lines about a failure may contain the address.
    for name in ("apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    asset = apprise.AppriseAsset(async_mode=False, http_redirects=False, app_id="spacesctl", app_desc="spacesctl")
    made: Any = apprise.Apprise.instantiate(url.strip(), asset=asset, suppress_exceptions=True)
    if made is None:
        raise Invalid("url", "is no address of its kind", hint="https://appriseit.com/services/ shows how each looks")
    made.socket_connect_timeout, made.socket_read_timeout = _CONNECT, _READ
    return made
