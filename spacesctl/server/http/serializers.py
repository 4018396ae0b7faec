"""Domain values as types of the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict, get_args

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.api import accounts as api
from spacesctl.api import moderation as api_moderation
from spacesctl.api import posts as api_posts
from spacesctl.api import spaces as api_spaces
from spacesctl.api.by import By
from spacesctl.api.captions import SpokenWord
from spacesctl.api.people import Member
from spacesctl.api.wire import Time, load_value, time
from spacesctl.domain.accounts import Account
from spacesctl.domain.announcing import announcement
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.posts import Clip, Post
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Pin, Space
from spacesctl.domain.speech import Word
from spacesctl.domain.words import InviteState, Kind, MeasureKind, Role, State
from spacesctl.live.handle import SpaceHandle
from spacesctl.server.http.captions_status import captions_now
from spacesctl.server.http.services import Services
from spacesctl.store import accounts
from spacesctl.store import posts as post_store
from spacesctl.store import series as series_store
from spacesctl.store import spaces as space_store


def who(value: Account) -> api.Who:
    """An account as others are named."""
    return api.Who(id=value.id, handle=f"@{value.handle}")


def account(value: Account) -> api.Account:
    """An account."""
    return api.Account(**account_fields(value))


def overseen(value: Account) -> api.OverseenAccount:
    """An account as operators see it."""
    held = value.suspension
    return api.OverseenAccount(
        **account_fields(value),
        suspended_at=time(held.since) if held is not None else None,
        suspended_until=time(held.until) if held is not None else None,
        suspended_why=held.reason if held is not None else None,
    )


class AccountFields(TypedDict):
    """The fields of every type that is an account."""

    id: str
    handle: str
    name: str
    kind: Kind
    ai: bool
    created_at: Time


MEASURES: Mapping[str, MeasureKind] = {one: one for one in get_args(MeasureKind) if one != "hold"}
"""Those that a Space tells by name; a hold has a field of its own."""


def account_fields(value: Account) -> AccountFields:
    """What a type that adds to an account begins with."""
    return {
        "id": value.id,
        "handle": f"@{value.handle}",
        "name": value.name,
        "kind": value.kind,
        "ai": value.kind is Kind.BOT,
        "created_at": Time.of(value.created_at),
    }


def by(principal: Mapping[str, object], known: Mapping[str, Account]) -> By:
    """Who acted, from the JSON values of `principals.described`."""
    found = load_value(principal, By)
    person = known.get(found.id or "") if found.kind == "person" else None
    return structs.replace(found, handle=f"@{person.handle}") if person is not None else found


def spoken_words(words: Iterable[Word]) -> list[SpokenWord]:
    """Words that were recognised."""
    return [SpokenWord(w=one.w, start=one.start, end=one.end, conf=one.conf) for one in words]


def clip(value: Clip) -> api_posts.Clip:
    """A voice clip."""
    return api_posts.Clip(id=value.id, url=f"/v1/clips/{value.id}.ogg", duration_ms=value.duration_ms, bytes=value.size)


def post(value: Post, author: Account) -> api_posts.Post:
    """A post with its author."""
    return api_posts.Post(
        id=value.id,
        author=who(author),
        text=value.text,
        clip=clip(value.clip) if value.clip else None,
        created_at=Time.of(value.at),
    )


async def space(app: Services, value: Space, viewer: Person) -> api_spaces.Space:
    """One Space as `viewer` may see it."""
    return (await spaces(app, [value], viewer))[0]


async def spaces(app: Services, values: list[Space], viewer: Person) -> list[api_spaces.Space]:
    """Spaces as `viewer` may see them."""
    async with app.db.read() as db:
        hosts = await accounts.by_ids(db, {value.host_id for value in values})
        subscribers = await series_store.subscriber_counts(db, [value.id for value in values])
        peaks = await space_store.peaks(db, [value.id for value in values])
        pinned = await _pinned(db, values)
        labels = await _blocked_speaking(db, values, viewer)
    return [
        structs.replace(
            shown,
            peak=max(shown.peak, peaks.get(value.id, 0)),
            pinned=pinned[value.id],
            blocked_speaking=labels[value.id],
        )
        for value in values
        for shown in [space_of(app, value, hosts[value.host_id], viewer, subscribers.get(value.id, 0))]
    ]


async def _pinned(db: AsyncConnection, values: list[Space]) -> dict[str, list[api_spaces.Pin]]:
    """The pins of each Space, newest first; deleted posts are left out."""
    pins = [pin for value in values for pin in value.pinned]
    posts = await post_store.by_ids(db, {pin.ref for pin in pins if pin.kind == "post"})
    known = await accounts.by_ids(db, {pin.by for pin in pins} | {found.author_id for found in posts.values()})

    def shown(pin: Pin) -> api_spaces.Pin:
        by = who(known[pin.by])
        if pin.kind == "link":
            return api_spaces.Pin(id=pin.id, kind="link", by=by, tick=pin.tick, url=pin.ref, title=pin.title)
        found = posts[pin.ref]
        return api_spaces.Pin(id=pin.id, kind="post", by=by, tick=pin.tick, post=post(found, known[found.author_id]))

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


def space_of(app: Services, value: Space, host: Account, viewer: Person, subscriber_count: int = 0) -> api_spaces.Space:
    """A Space with its host, and with empty lists of pins and blocked speakers."""
    handle = app.registry.known(value.id)
    cohosts = [person.account_id for person in value.with_role(Role.COHOST)]
    invited = [i.account_id for i in value.invites.values() if i.state is not InviteState.REVOKED]
    staff = viewer.is_admin or value.role_of(viewer.account_id).rank >= Role.COHOST.rank
    return api_spaces.Space(
        id=value.id,
        state=value.state,
        title=value.title,
        creator_id=value.creator_id,
        host_ids=[value.host_id, *cohosts],
        speaker_ids=list(value.spoke),
        invited_user_ids=invited if staff else [],
        participant_count=handle.participant_count if handle else 0,
        peak=handle.peak if handle else 0,
        subscriber_count=subscriber_count,
        scheduled_start=time(value.scheduled_start),
        started_at=time(value.started_at),
        ended_at=time(value.ended_at),
        created_at=Time.of(value.created_at),
        updated_at=Time.of(value.updated_at),
        is_ticketed=False,
        topic_ids=list(value.topics),
        record=value.recording_mode,
        recording=_recording(value),
        lang=value.lang,
        host=account(host),
        link=app.link(value.id),
        speakers=value.policy,
        listeners=value.listeners,
        captions=value.captions,
        captions_status=captions_now(app).of(value, staff=staff),
        chat=value.chat,
        chat_every=value.chat_every,
        typed_aloud=value.typed_aloud,
        rules=value.rules_hash,
        redacts=value.redacts,
        with_numbers=_with_numbers(value),
        notice=announcement(value),
        host_away=_away(value) if staff else None,
        duration=value.duration,
        series_id=value.series_id,
        pinned=[],
        blocked_speaking=[],
        tick=_tick(handle) if value.started_at and not value.is_over else None,
        delay=value.delay,
        delay_now=_behind(value, handle),
        safe_in=_safe_in(value, handle),
        held_until=time(value.held_until),
        measures=[
            api_spaces.Measure(action=MEASURES[one.action], until=time(one.until), every=one.every)
            for one in value.measures
            if one.action in MEASURES
        ],
        me=_me(value, viewer),
    )


def set_rules(app: Services, value: Space, ids: Iterable[str], actions: Iterable[str]) -> api_moderation.SetRules:
    """What the Space has now: rules with these ids, which may take these actions."""
    handle = app.registry.known(value.id)
    return api_moderation.SetRules(
        hash=value.rules_hash,
        rules=list(ids),
        actions=sorted(actions),
        with_numbers=_with_numbers(value),
        delay=value.delay,
        delay_now=_behind(value, handle),
        safe_in=_safe_in(value, handle),
    )


def rule_file(value: Space, text: str | None) -> api_moderation.RuleFile:
    """The rules of a Space and their text."""
    return api_moderation.RuleFile(hash=value.rules_hash, text=text, with_numbers=_with_numbers(value))


def _with_numbers(value: Space) -> bool:
    return value.grant is not None and value.grant.with_numbers


def _behind(value: Space, handle: SpaceHandle | None) -> float | None:
    """Seconds that the audience of a live Space hears behind the stage; one that is being created begins with the whole delay."""
    if value.state is not State.LIVE:
        return None
    return round(handle.audience.behind * TICK_SECONDS, 2) if handle is not None else value.delay


def _safe_in(value: Space, handle: SpaceHandle | None) -> float | None:
    """Seconds until a live Space has its delay."""
    return round(handle.audience.safe_in if handle else 0.0, 1) if value.state is State.LIVE else None


def _recording(value: Space) -> api_spaces.RunningRecording | None:
    if value.recording is None:
        return None
    return api_spaces.RunningRecording(kind=value.recording.kind, since=Time.of(value.recording.since))


def _tick(handle: SpaceHandle | None) -> int:
    """The tick of a live Space; 0 while it is being created, live at once."""
    return handle.now_tick() if handle is not None else 0


def _away(value: Space) -> api_spaces.HostAway | None:
    """For staff: until when the host may be away, and when the Space ends if nobody hosts it."""
    if value.away is None:
        return None
    return api_spaces.HostAway(until=Time.of(value.away.until), ends_at=time(value.away.ends_at))


def _me(value: Space, viewer: Person) -> api_spaces.MyPlace | None:
    if viewer.account_id is None:
        return None
    person = value.people.get(viewer.account_id)
    invite = value.invites.get(viewer.account_id)
    return api_spaces.MyPlace(
        role=value.role_of(viewer.account_id),
        muted=person.server_muted if person else False,
        mic="open" if person and person.mic_open else "closed",
        hand_raised=viewer.account_id in value.hands,
        hand=value.in_line(viewer.account_id),
        invite=invite.state if invite else None,
        barred=viewer.account_id in value.barred,
    )


def person(value: Space, who: Account, *, connected: bool) -> Member:
    """A person in a Space."""
    found = value.people.get(who.id)
    return Member(
        id=who.id,
        handle=f"@{who.handle}",
        name=who.name,
        kind=who.kind,
        role=value.role_of(who.id),
        mic="open" if found and found.mic_open else "closed",
        muted=bool(found and found.server_muted),
        heard=bool(found and found.heard),
        lane=found.lane if found else None,
        hand_raised=who.id in value.hands,
        connected=connected,
    )
