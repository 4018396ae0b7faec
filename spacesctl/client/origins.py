"""Which server an address or a link is of: a credential goes to that server alone, and what a link names is done there."""

from __future__ import annotations

from urllib.parse import urlsplit

_USUAL = {"http": 80, "https": 443}


def is_link(text: str) -> bool:
    """Whether a text is a link rather than an id."""
    return text[:8].lower().startswith(("http://", "https://"))


def server_of(url: str) -> str:
    """The address of a server in the one form in which two are compared. Raises ValueError."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    name = f"[{host}]" if ":" in host else host
    number = f":{port}" if port is not None and port != _USUAL.get(parts.scheme) else ""
    user, at, _ = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user}{at}{name}{number}{parts.path.rstrip('/')}"


def without_user(url: str) -> str:
    """An address as it may be shown: without the name and the password in it."""
    scheme, slashes, rest = url.partition("://")
    return f"{scheme}{slashes}{rest.rpartition('@')[2]}"


def split_link(link: str) -> tuple[str, str]:
    """The server of a Space's link, and the Space's id: `http://HOST/s/ID`. ("", "") for what is no such link."""
    try:
        parts = urlsplit(link)
        before, slash, space_id = parts.path.rstrip("/").rpartition("/")
        base = next((before.removesuffix(end) for end in ("/s", "/v1/spaces") if before.endswith(end)), None)
        if not slash or base is None or not parts.hostname:
            return "", ""
        return server_of(f"{parts.scheme}://{parts.netloc}{base}"), space_id
    except ValueError:  # such as http://[::
        return "", ""
