"""Domain values as the API's JSON. Fields of Spaces have X API v2's names where it has one."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.accounts import Account
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.posts import Clip, Post
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Pin, Space
from spacesctl.domain.words import InviteState, Role
from spacesctl.live.handle import SpaceHandle
from spacesctl.server.http.services import Services
from spacesctl.store import accounts
from spacesctl.store import posts as post_store
from spacesctl.store import series as series_store


def account(value: Account) -> dict[str, Any]:
    """An account."""
    return {
        "id": value.id,
        "handle": f"@{value.handle}",
        "name": value.name,
        "kind": value.kind.value,
        "created_at": rfc3339(value.created_at),
    }


def clip(value: Clip) -> dict[str, Any]:
    """A voice clip."""
    return {"id": value.id, "url": f"/v1/clips/{value.id}.ogg", "duration_ms": value.duration_ms, "bytes": value.size}


def post(value: Post, author: Account) -> dict[str, Any]:
    """A post with its author."""
    return {
        "id": value.id,
        "author_id": author.id,
        "author": f"@{author.handle}",
        "text": value.text,
        "clip": clip(value.clip) if value.clip else None,
        "created_at": rfc3339(value.at),
    }


async def space(app: Services, value: Space, viewer: Person) -> dict[str, Any]:
    """One Space as `viewer` may see it."""
    return (await spaces(app, [value], viewer))[0]


async def spaces(app: Services, values: list[Space], viewer: Person) -> list[dict[str, Any]]:
    """Spaces as `viewer` may see them."""
    async with app.db.read() as db:
        hosts = await accounts.by_ids(db, {value.host_id for value in values})
        subscribers = await series_store.subscriber_counts(db, [value.id for value in values])
        pinned = await _pinned(db, values)
        labels = await _blocked_speaking(db, values, viewer)
    return [
        space_of(app, value, hosts[value.host_id], viewer, subscribers.get(value.id, 0))
        | {"pinned": pinned[value.id], "blocked_speaking": labels[value.id]}
        for value in values
    ]


async def _pinned(db: AsyncConnection, values: list[Space]) -> dict[str, list[dict[str, Any]]]:
    """The pins of each Space, newest first; deleted posts are left out."""
    pins = [pin for value in values for pin in value.pinned]
    posts = await post_store.by_ids(db, {pin.ref for pin in pins if pin.kind == "post"})
    known = await accounts.by_ids(db, {pin.by for pin in pins} | {found.author_id for found in posts.values()})

    def shown(pin: Pin) -> dict[str, Any]:
        found = posts.get(pin.ref)
        return {
            "id": pin.id,
            "kind": pin.kind,
            "by": f"@{known[pin.by].handle}",
            "by_id": pin.by,
            "tick": pin.tick,
            "post": post(found, known[found.author_id]) if found is not None else None,
            "url": pin.ref if pin.kind == "link" else None,
            "title": pin.title if pin.kind == "link" else None,
        }

    return {
        value.id: [shown(pin) for pin in value.pinned if pin.kind == "link" or pin.ref in posts] for value in values
    }


async def _blocked_speaking(db: AsyncConnection, values: list[Space], viewer: Person) -> dict[str, list[str]]:
    """The handles of those on each stage whom the viewer has blocked. Blocks of the viewer by others are not revealed."""
    mine = (await accounts.blocked_ids(db, viewer.account_id))[0] if viewer.account_id is not None else set()
    found = {
        value.id: [one for one, person in value.people.items() if one in mine and person.role is not Role.LISTENER]
        for value in values
    }
    known = await accounts.by_ids(db, {one for ids in found.values() for one in ids})
    return {space_id: sorted(f"@{known[one].handle}" for one in ids) for space_id, ids in found.items()}


def space_of(app: Services, value: Space, host: Account, viewer: Person, subscriber_count: int = 0) -> dict[str, Any]:
    """A Space with its host, and with empty lists of pins and blocked speakers."""
    handle = app.registry.known(value.id)
    cohosts = [person.account_id for person in value.with_role(Role.COHOST)]
    invited = [i.account_id for i in value.invites.values() if i.state is not InviteState.REVOKED]
    staff = viewer.is_admin or value.role_of(viewer.account_id).rank >= Role.COHOST.rank
    return {
        "id": value.id,
        "state": value.state.value,
        "title": value.title,
        "creator_id": value.creator_id,
        "host_ids": [value.host_id, *cohosts],
        "speaker_ids": list(value.spoke),
        "invited_user_ids": invited if staff else [],
        "participant_count": handle.participant_count if handle else 0,
        "subscriber_count": subscriber_count,
        "scheduled_start": rfc3339(value.scheduled_start) if value.scheduled_start else None,
        "started_at": rfc3339(value.started_at) if value.started_at else None,
        "ended_at": rfc3339(value.ended_at) if value.ended_at else None,
        "created_at": rfc3339(value.created_at),
        "updated_at": rfc3339(value.updated_at),
        "is_ticketed": False,
        "topic_ids": list(value.topics),
        "record": value.recording_mode.value,
        "recording": {"kind": value.recording.kind.value, "since": rfc3339(value.recording.since)}
        if value.recording
        else None,
        "lang": value.lang,
        "host": account(host),
        "link": app.link(value.id),
        "speakers": value.policy.value,
        "listeners": value.listeners.value,
        "captions": value.captions,
        "captions_status": app.bot_status if value.captions else {"ready": False, "reason": "captions are off"},
        "rules": value.rules_hash,
        "notice": value.notice,
        "host_away": _away(value) if staff else None,
        "duration": value.duration,
        "series_id": value.series_id,
        "pinned": [],
        "blocked_speaking": [],
        "tick": _tick(handle) if value.started_at and not value.is_over else None,
        "me": _me(value, viewer),
    }


def _tick(handle: SpaceHandle | None) -> int:
    """The tick of a live Space; 0 while it is being created, live at once."""
    return handle.now_tick() if handle is not None else 0


def _away(value: Space) -> dict[str, Any] | None:
    """For staff: until when the host may be away, and when the Space ends if nobody hosts it."""
    if value.away is None:
        return None
    ends = rfc3339(value.away.ends_at) if value.away.ends_at is not None else None
    return {"until": rfc3339(value.away.until), "ends_at": ends}


def _me(value: Space, viewer: Person) -> dict[str, Any] | None:
    if viewer.account_id is None:
        return None
    person = value.people.get(viewer.account_id)
    invite = value.invites.get(viewer.account_id)
    return {
        "role": value.role_of(viewer.account_id).value,
        "muted": person.server_muted if person else False,
        "mic": "open" if person and person.mic_open else "closed",
        "hand_raised": viewer.account_id in value.hands,
        "invite": invite.state.value if invite else None,
        "barred": viewer.account_id in value.barred,
    }


def person(value: Space, who: Account, *, connected: bool) -> dict[str, Any]:
    """A person in a Space."""
    found = value.people.get(who.id)
    return {
        "id": who.id,
        "handle": f"@{who.handle}",
        "name": who.name,
        "kind": who.kind.value,
        "role": value.role_of(who.id).value,
        "mic": "open" if found and found.mic_open else "closed",
        "gag": "muted" if found and found.server_muted else "none",
        "muted": bool(found and found.server_muted),
        "heard": bool(found and found.heard),
        "lane": found.lane if found else None,
        "hand_raised": who.id in value.hands,
        "connected": connected,
    }
