"""Domain values as the API's JSON. Field names of Spaces are X API v2's where it has one."""

from __future__ import annotations

from typing import Any

from spacesctl.domain.accounts import Account, Caller
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.space import InviteState, Role, Space
from spacesctl.server.services import Services
from spacesctl.store import accounts
from spacesctl.store import series as series_store


def account(value: Account) -> dict[str, Any]:
    return {
        "id": value.id,
        "handle": f"@{value.handle}",
        "name": value.name,
        "kind": value.kind.value,
        "created_at": rfc3339(value.created_at),
    }


async def space(here: Services, value: Space, viewer: Caller) -> dict[str, Any]:
    async with here.db.read() as db:
        host = await accounts.get(db, value.host_id)
        subscribers = await series_store.subscriber_counts(db, [value.id])
    return space_of(here, value, host, viewer, subscribers.get(value.id, 0))


async def spaces(here: Services, values: list[Space], viewer: Caller) -> list[dict[str, Any]]:
    async with here.db.read() as db:
        hosts = await accounts.by_ids(db, {value.host_id for value in values})
        subscribers = await series_store.subscriber_counts(db, [value.id for value in values])
    return [space_of(here, value, hosts[value.host_id], viewer, subscribers.get(value.id, 0)) for value in values]


def space_of(here: Services, value: Space, host: Account, viewer: Caller, subscriber_count: int = 0) -> dict[str, Any]:
    actor = here.house.actors.get(value.id)
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
        "participant_count": actor.participant_count if actor else 0,
        "subscriber_count": subscriber_count,
        "scheduled_start": rfc3339(value.scheduled_start) if value.scheduled_start else None,
        "started_at": rfc3339(value.started_at) if value.started_at else None,
        "ended_at": rfc3339(value.ended_at) if value.ended_at else None,
        "created_at": rfc3339(value.created_at),
        "updated_at": rfc3339(value.updated_at),
        "is_ticketed": False,
        "topic_ids": list(value.topics),
        "lang": value.lang,
        "host": account(host),
        "link": here.link(value.id),
        "speakers": value.policy.value,
        "listeners": value.listeners.value,
        "captions": value.captions,
        "captions_status": here.bot_status if value.captions else {"ready": False, "reason": "captions are off"},
        "rules": value.rules_hash,
        "notice": value.notice,
        "duration": value.duration,
        "series_id": value.series_id,
        "tick": actor.now_tick() if actor and value.started_at and not value.is_over else None,
        "me": _me(value, viewer),
    }


def _me(value: Space, viewer: Caller) -> dict[str, Any] | None:
    if viewer.account_id is None:
        return None
    person = value.people.get(viewer.account_id)
    invite = value.invites.get(viewer.account_id)
    return {
        "role": value.role_of(viewer.account_id).value,
        "muted": person.gagged if person else False,
        "mic": "open" if person and person.mic_open else "closed",
        "hand_raised": viewer.account_id in value.hands,
        "invite": invite.state.value if invite else None,
        "barred": viewer.account_id in value.barred,
    }


def person(value: Space, who: Account, *, connected: bool) -> dict[str, Any]:
    found = value.people.get(who.id)
    return {
        "id": who.id,
        "handle": f"@{who.handle}",
        "name": who.name,
        "kind": who.kind.value,
        "role": value.role_of(who.id).value,
        "mic": "open" if found and found.mic_open else "closed",
        "gag": "muted" if found and found.gagged else "none",
        "muted": bool(found and found.gagged),
        "heard": bool(found and found.heard),
        "lane": found.lane if found else None,
        "hand_raised": who.id in value.hands,
        "connected": connected,
    }
