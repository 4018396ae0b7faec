"""Posts and links that are shared into a Space, newest first. Pure, like all of `decide`."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.checks import require_not_over
from spacesctl.domain.clock import ticks_between
from spacesctl.domain.errors import Invalid, NotFound, Refused
from spacesctl.domain.permissions import Action, may, require
from spacesctl.domain.principals import System
from spacesctl.domain.space import MAX_PINS, Pin, Space

Events = list[e.Event]
MAX_URL = 500
MAX_PIN_TITLE = 100


def pin(space: Space, command: c.PinUp, now: datetime) -> Events:
    """Share a post or a link. An existing pin with the same `ref` moves to the front. Raises NotAllowed, Gone, or
    Refused with reason `pins_full`.
    """
    require(space, command.by, Action.SHARE)
    require_not_over(space)
    if space.pinned and space.pinned[0].ref == command.ref:
        return []
    if len(space.pinned) >= MAX_PINS and all(one.ref != command.ref for one in space.pinned):
        raise Refused("pins_full", f"{MAX_PINS} things are pinned already", hint="share --remove one first")
    tick = ticks_between(space.started_at, now) if space.started_at is not None else 0
    by = command.by.account_id or ""
    return [e.Pinned(Pin(str(space.seq + 1), command.kind, command.ref, command.title, by, tick))]


def unpin(space: Space, command: c.Unpin, now: datetime) -> Events:
    """Remove a pin. Hosts, co-hosts and admins may remove any, others only their own; the pin of a deleted post is
    removed without a check. Raises NotAllowed, NotFound or Gone.
    """
    if isinstance(command.by, System):
        return [e.Unpinned(one.id) for one in space.pinned if one.kind == "post" and one.ref == command.ref]
    found = next((one for one in space.pinned if one.id == command.ref), None)
    own = found is not None and found.by == command.by.account_id and may(space, command.by, Action.SHARE)
    if not own:
        require(space, command.by, Action.UNSHARE)
    require_not_over(space)
    if found is None:
        raise NotFound("pin", command.ref)
    return [e.Unpinned(found.id)]


def checked_link(url: str, title: str | None) -> tuple[str, str]:
    """Return a link that may be shown to everybody, and its title: `title`, or else the host name. Raises Invalid."""
    if len(url) > MAX_URL or not url.isprintable() or any(char.isspace() for char in url):
        raise Invalid("url", f"has at most {MAX_URL} characters, without spaces")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid("url", "is not a link") from error
    if parts.scheme not in ("http", "https") or not host:
        raise Invalid("url", "is no http or https link")
    if "@" in parts.netloc:
        raise Invalid("url", "contains a user name or password", hint="leave out the part before the @")
    name = " ".join((title or "").split()) or host
    if len(name) > MAX_PIN_TITLE:
        raise Invalid("title", f"has at most {MAX_PIN_TITLE} characters")
    return url, name
