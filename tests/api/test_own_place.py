"""At a delay people are told at once what becomes of their own role and microphone; the others hear of it with the sound."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spacesctl.domain.principals import Person
from spacesctl.live.event_views import View
from spacesctl.live.subscriber import Subscriber
from spacesctl.server.http.routes.events import _first
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio


async def stage(api: Api) -> tuple[As, As, str, Any]:
    """A live Space at a delay, with a speaker, and its actor."""
    host = await api.account("host")
    place = await api.live(host, delay=4)
    ann = await api.speaker(place, host, "ann")
    actor = api.app.registry.actors[place.rpartition("/")[2]]
    actor.tick = actor.now_tick() + 1_000
    await api.app.registry.release()
    return host, ann, place, actor


async def told(stream: Subscriber) -> list[tuple[str, dict[str, Any]]]:
    found = []
    while message := await stream.next(0.01):
        body = json.loads(message.split(b"data: ")[1])
        found.append((body["type"], body["data"]))
    return found


@pytest.mark.parametrize(
    ("act", "role", "muted", "later"),
    [
        ("mute", "speaker", True, "person.muted"),
        ("demote", "listener", False, "role.changed"),
        ("promote", "cohost", False, "role.changed"),
    ],
)
async def test_only_the_person_concerned_is_told_early(api: Api, act: str, role: str, muted: bool, later: str) -> None:
    host, ann, place, actor = await stage(api)
    mine = actor.subscribe(View.AUDIENCE, Person(ann.id))
    theirs = actor.subscribe(View.AUDIENCE, Person((await api.account("ben")).id))
    await host.ok("POST", f"{place}/people/@ann/{act}")
    (you,) = [data for kind, data in await told(mine) if kind == "you"]
    assert (you["account_id"], you["role"], you["muted"], you["seq"]) == (ann.id, role, muted, actor.space.seq)
    assert await told(theirs) == []
    actor.tick = actor.now_tick() + 250
    await api.app.registry.release()
    assert later in [kind for kind, _ in await told(theirs)]
    assert later in [kind for kind, _ in await told(mine)], "a resume after it would miss nothing"


async def test_who_comes_back_meanwhile_is_told_their_place_and_nothing_of_others(api: Api) -> None:
    host, ann, place, actor = await stage(api)
    before = actor.audience.seq
    await host.ok("POST", f"{place}/people/@ann/mute")

    async def greeted(person: Person) -> list[str]:
        stream = actor.subscribe(View.AUDIENCE, person)
        first = _first(api.app, actor, actor.space, stream, before)
        parts = [json.loads(part.split(b"data: ")[1])["type"] async for part in first]
        actor.unsubscribe(stream)
        return parts

    assert await greeted(Person(ann.id)) == ["hello", "you"]
    assert [kind for kind in await greeted(Person((await api.account("ben")).id)) if kind != "you"] == ["hello"]
    actor.tick = actor.now_tick() + 250
    await api.app.registry.release()
    assert await greeted(Person(ann.id)) == ["hello", "you", "person.muted"]
