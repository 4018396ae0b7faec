"""A view that only follows events, beside what the API says of the same Space: after whatever people do, they are the same."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from msgspec import structs

from spacesctl.api.events import read_event
from spacesctl.api.people import Members
from spacesctl.api.spaces import Space
from spacesctl.api.wire import load
from spacesctl.client.room_changes import after
from spacesctl.client.room_view import RoomView, of, reread
from tests.api.harness import Api, As
from tests.wire.streams import Stream, rest

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]
MOVES = 60


class Scene:
    """A live Space with a host, a co-host and four guests, and what each of them may try."""

    def __init__(self, api: Api, host: As, cohost: As, guests: list[As], space: str) -> None:
        self.api, self.host, self.cohost, self.guests, self.space = api, host, cohost, guests, space

    async def try_something(self, dice: random.Random) -> None:
        """One request that may be refused."""
        guest, staff = dice.choice(self.guests), dice.choice([self.host, self.cohost])
        about = f"{self.space}/people/{guest.handle}"
        moves: list[tuple[As, str, str, Any]] = [
            (guest, "POST", f"{self.space}/requests", {"topic": "tea"}),
            (guest, "DELETE", f"{self.space}/requests/me", None),
            (staff, "POST", f"{self.space}/requests/{guest.handle}/approve", None),
            (staff, "POST", f"{self.space}/requests/{guest.handle}/deny", None),
            (guest, "PUT", f"{self.space}/mic", {"open": dice.random() < 0.5}),
            *((staff, "POST", f"{about}/{what}", None) for what in ("mute", "unmute", "demote")),
            (self.host, "POST", f"{about}/promote", None),
            (staff, "PATCH", self.space, {"title": f"Title {dice.randrange(9)}"}),
            (staff, "PATCH", self.space, {"speakers": dice.choice(["everyone", "invited"])}),
            (staff, "PATCH", self.space, {"captions": dice.random() < 0.5}),
            (self.host, "POST", f"{self.space}/invites", {"handles": [guest.handle]}),
            (guest, "POST", f"{self.space}/accept", None),
            (staff, "POST", f"{self.space}/pins", {"url": f"https://example.org/{dice.randrange(4)}"}),
        ]
        who, method, path, body = dice.choice(moves)
        if dice.random() < 0.2:
            await guest.offer(f"{self.space}/whip")
        elif dice.random() < 0.03:
            await staff.call("POST", f"{about}/kick")
        else:
            await who.call(method, path, body)

    async def told(self) -> tuple[Space, Members]:
        """What the API says."""
        space = await self.host.call("GET", self.space)
        return load(space.content, Space), load((await self.host.call("GET", f"{self.space}/people")).content, Members)


async def scene(api: Api) -> Scene:
    host, cohost, *guests = await api.accounts("host", "cohost", "ann", "ben", "cid", "dan")
    space = await api.live(host, speakers="everyone")
    await host.ok("POST", f"{space}/invites", {"handles": ["@cohost"], "role": "cohost"})
    await cohost.ok("POST", f"{space}/accept")
    return Scene(api, host, cohost, guests, space)


def settled(view: RoomView) -> dict[str, Any]:
    """What both must agree on: neither clocks and counts, nor people of the audience, who come and go without an event."""
    staged = {
        one.id: (one.role, one.mic, one.muted, one.lane) for one in view.people.values() if one.role != "listener"
    }
    same = ("title", "state", "speakers", "listeners", "captions", "recording", "host_away", "hands", "pins")
    return {name: getattr(view, name) for name in same} | {"stage": staged}


@pytest.mark.parametrize("seed", range(6))
async def test_the_view_of_who_follows_is_that_of_the_server(api: Api, seed: int) -> None:
    dice, room = random.Random(seed), await scene(api)
    stream = Stream(api.asgi, f"{room.space}/events?view=staff", {"authorization": f"Bearer {room.host.token}"})
    async with stream:
        view, taken, reread_after = reread_now(None, await room.told()), 1, 0
        for _ in range(MOVES):
            await room.try_something(dice)
            await rest()
            for message in stream.messages()[taken:]:
                view = after(view, read_event(json.dumps(message["data"])))
                taken += 1
            if view.stale:
                view, reread_after = reread_now(view, await room.told()), reread_after + 1
            assert settled(view) == settled(of(*await room.told()))
        assert taken > MOVES / 4, "much happened"
        assert reread_after < taken / 2, "and little of it had to be read again"


def reread_now(view: RoomView | None, told: tuple[Space, Members]) -> RoomView:
    fresh = of(*told) if view is None else reread(view, *told)
    return structs.replace(fresh, stale=False)


async def test_the_end_is_the_same_too(api: Api) -> None:
    room = await scene(api)
    ann = room.guests[0]
    await ann.offer(f"{room.space}/whip")
    async with Stream(
        api.asgi, f"{room.space}/events?view=staff", {"authorization": f"Bearer {room.host.token}"}
    ) as stream:
        view = of(*await room.told())
        await room.host.ok("POST", f"{room.space}/end")
        await rest()
        for message in stream.messages()[1:]:
            view = after(view, read_event(json.dumps(message["data"])))
    assert view.state == "ended"
    assert all(person.lane is None and person.mic == "closed" for person in view.people.values())


async def test_a_stream_ends_with_its_space_after_the_last_event(api: Api) -> None:
    room = await scene(api)
    stream = Stream(api.asgi, f"{room.space}/events", {})
    async with stream:
        await room.host.ok("POST", f"{room.space}/end")
        await stream.ended()
        assert stream.messages()[-1]["event"] == "space.ended"


async def test_who_goes_on_after_an_event_that_was_never_is_told_to_begin_anew(api: Api) -> None:
    room = await scene(api)
    async with Stream(api.asgi, f"{room.space}/events", {"last-event-id": "99999"}) as stream:
        await stream.until("http.response.body", 2)
        assert [one["event"] for one in stream.messages()[:2]] == ["hello", "reset"]
