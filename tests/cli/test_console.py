"""The console on a real server: keys do what a host does, the screen keeps its frame, and it comes back after an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from msgspec import structs
from rich.cells import cell_len
from textual.pilot import Pilot

from spacesctl.cli.seat.acts import ACTS, Asked
from spacesctl.cli.seat.app import ConsoleApp
from spacesctl.cli.seat.reader import facts
from spacesctl.client.http import Client
from spacesctl.domain.errors import Invalid
from tests.cli.inside import Person
from tests.running import threaded

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


def screen(app: ConsoleApp) -> list[str]:
    """The lines that the terminal shows."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


class Seat:
    """A host's console, and the API beside it."""

    def __init__(self, host: Person, space: str, app: ConsoleApp, pilot: Pilot[None]) -> None:
        self.host, self.space, self.app, self.pilot = host, space, app, pilot

    async def api(self, path: str = "") -> Any:
        return await self.call(self.host, "GET", path, None)

    async def call(self, who: Person, method: str, path: str, body: Any) -> Any:
        """A request of somebody about the Space."""

        def ask() -> Any:
            with who.server.client(who.token) as api:
                if method == "GET":
                    return api.get(f"/v1/spaces/{self.space}{path}")
                return api.post(f"/v1/spaces/{self.space}{path}", body)

        return await asyncio.to_thread(ask)

    async def until(self, true: Callable[[str], bool], seconds: float = 8.0) -> None:
        """Until what the screen shows is so."""
        try:
            async with asyncio.timeout(seconds):
                while not true("\n".join(screen(self.app))):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError("\n".join(screen(self.app))) from None

    async def becomes(self, true: Callable[[Any], bool]) -> None:
        """Until the API tells of the Space that it is so."""
        async with asyncio.timeout(8):
            while not true(await self.api()):
                await asyncio.sleep(0.05)

    async def shows(self, text: str) -> None:
        await self.until(lambda found: text in found)

    async def choose(self, handle: str) -> None:
        """With the arrow keys."""
        for _ in range(20):
            await self.pilot.press("ctrl+home")
            for _ in range(len(self.app.room.rows())):
                who = self.app._chosen_id()
                if who is not None and self.app.room.watched.view.people[who].handle == handle:
                    return
                await self.pilot.press("down")
            await asyncio.sleep(0.2)
        raise AssertionError(f"{handle} is not in the list")


@asynccontextmanager
async def seat(
    host: Person, *speakers: Person, size: tuple[int, int] = (120, 40), **fields: Any
) -> AsyncIterator[Seat]:
    body = {"title": "The round", "speakers": "everyone", "captions": False, "start": True, **fields}
    with host.server.client(host.token) as api:
        made = await asyncio.to_thread(api.post, "/v1/spaces", body)
    for one in speakers:
        with one.server.client(one.token) as api:
            await asyncio.to_thread(api.post, f"/v1/spaces/{made['id']}/requests", {})
    async with threaded(Client(host.server.url, host.token)) as client:
        first = await asyncio.to_thread(facts, client, made["id"])
        app = ConsoleApp(client, first)
        async with app.run_test(size=size) as pilot:
            yield Seat(host, made["id"], app, pilot)


async def test_keys_do_to_the_chosen_person_what_a_host_does(host: Person, ann: Person) -> None:
    async with seat(host, ann) as made:
        await made.shows(ann.handle)
        await made.choose(ann.handle)
        await made.pilot.press("m")
        await made.shows("muted")
        people = {one["handle"]: one for one in (await made.api("/people"))["data"]}
        assert people[ann.handle]["muted"]
        await made.pilot.press("u")
        await made.until(lambda found: "undone" in found)
        await made.pilot.press("d")
        await made.shows("is a listener")
        people = {one["handle"]: one for one in (await made.api("/people"))["data"]}
        assert people.get(ann.handle, {"role": "listener"})["role"] == "listener"


async def test_what_cannot_be_taken_back_asks_first_and_gives_the_reason(host: Person, ann: Person) -> None:
    async with seat(host, ann) as made:
        await made.shows(ann.handle)
        await made.choose(ann.handle)
        await made.pilot.press("k")
        await made.shows("kick")
        await made.pilot.press("escape")
        assert not [one for one in (await made.api("/sanctions"))["data"] if one["action"] == "kick"]
        await made.choose(ann.handle)
        await made.pilot.press("k", *"spam", "enter")
        await made.shows("was removed")
        [kick] = [one for one in (await made.api("/sanctions"))["data"] if one["action"] == "kick"]
        assert kick["reason"] == "spam"
        await made.pilot.press("e")
        await made.shows("n: no")
        await made.pilot.press("n")
        assert (await made.api())["state"] == "live"
        await made.pilot.press("e")
        await made.shows("n: no")
        await made.pilot.press("y")
        await made.shows("ended")
        assert (await made.api())["state"] == "ended"


async def test_one_key_each_brings_all_to_order_and_the_same_key_ends_it(host: Person, ann: Person) -> None:
    async with seat(host, ann) as made:
        for key, action in (("L", "lock"), ("S", "slow"), ("M", "mute")):
            await made.pilot.press(key)
            await made.becomes(partial(_has, action))
        await made.pilot.press("H")
        await made.shows("HOLD")
        for mark in ("locked", "slow", "muted on entry"):
            await made.until(partial(_is_marked, mark))
        for key in "LSMH":
            await made.pilot.press(key)
        await made.becomes(lambda found: found["measures"] == [] and found["held_until"] is None)
        await made.until(lambda shown: shown.splitlines()[0].split() == ["The", "round", "live"])


async def test_hands_are_shown_with_their_notes_and_answered_by_one_key(host: Person, ann: Person, ben: Person) -> None:
    async with seat(host, speakers="invited") as made:
        for one, topic in ((ann, "bees"), (ben, "wasps")):
            with one.server.client(one.token) as api:
                await asyncio.to_thread(api.post, f"/v1/spaces/{made.space}/requests", {"topic": topic})
        await made.shows("2 hands")
        await made.choose(ann.handle)
        await made.shows("bees")
        await made.pilot.press("a")
        await made.shows("may speak")
        await made.shows("1 hands")
        await made.choose(ben.handle)
        await made.pilot.press("n")
        await made.shows("0 hands")
        people = {one["handle"]: one["role"] for one in (await made.api("/people"))["data"]}
        assert people[ann.handle] == "speaker"
        assert people.get(ben.handle, "listener") == "listener"


async def test_what_the_server_refuses_is_said_and_the_console_stays(host: Person) -> None:
    async with seat(host) as made:
        await made.pilot.press("u")
        await made.shows("the last act")
        await made.pilot.press("a")
        await made.shows("the line: is empty")
        await made.pilot.press("question_mark")
        await made.shows("Keys")
        await made.pilot.press("escape")
        await made.until(lambda found: "Keys" not in found)


async def test_somebody_is_found_by_a_part_of_the_handle(host: Person, ann: Person, ben: Person) -> None:
    async with seat(host, ann, ben) as made:
        await made.shows(ben.handle)
        await made.pilot.press("slash", *ann.handle[1:])
        await made.until(lambda found: ann.handle in found and ben.handle not in found)
        await made.pilot.press("enter", "escape")
        await made.shows(ben.handle)


async def test_the_chat_is_read_and_written_and_what_is_typed_is_a_caption(host: Person, ann: Person) -> None:
    async with seat(host, ann, chat="everyone") as made:
        await made.call(ann, "POST", "/chat", {"text": "good evening"})
        await made.shows(f"{ann.handle} good evening")
        await made.pilot.press("C", *"welcome", "enter")
        await made.shows(f"{host.handle} welcome")
        await made.pilot.press("t", *"dear all")
        await made.shows("dear all")
        await made.pilot.press("enter", "escape")
        await made.shows("(typed) dear all")
        [said] = (await made.api("/captions?view=staff"))["data"]
        assert (said["text"], said["typed"]) == ("dear all", True)


async def test_a_block_is_undone_and_a_bot_is_not_warned(host: Person, ann: Person) -> None:
    async with seat(host, ann) as made:
        await made.shows(ann.handle)
        await made.choose(ann.handle)
        await made.pilot.press("b", "enter")
        await made.shows("is blocked")
        await made.pilot.press("u")
        await made.shows("is no longer blocked")
        bot = structs.replace(made.app.room.watched.view.people[made.app.room.rows()[0].id], kind="bot", handle="@ear")
        with pytest.raises(Invalid, match="is a bot"):
            ACTS["w"].do(made.app._client, Asked(made.app.room, bot))


async def test_who_is_chosen_by_a_click_has_a_menu_of_what_one_may_do(host: Person, ann: Person) -> None:
    async with seat(host, ann) as made:
        await made.shows(ann.handle)
        await made.choose(ann.handle)
        await made.pilot.press("enter")
        await made.shows("m  mute or unmute")
        await made.pilot.press("enter")
        await made.shows(f"{ann.handle} is muted")


async def test_a_screen_that_changes_its_size_keeps_its_frame(host: Person, ann: Person) -> None:
    async with seat(host, ann, size=(120, 40), chat="everyone") as made:
        await made.call(host, "POST", "/typed", {"text": "漢字 🚀 שלום " * 8, "final": True})
        await made.call(ann, "POST", "/chat", {"text": "漢字 🚀 שלום " * 8})
        await made.shows("(typed)")
        await made.pilot.resize_terminal(80, 24)
        await made.until(lambda _: len(screen(made.app)) == 24)
        await made.until(lambda _: {cell_len(line) for line in screen(made.app)} == {80})
        await made.shows("(typed)")
        await made.until(lambda found: "talk" in found.splitlines()[1])
        assert ann.handle in "\n".join(screen(made.app))


async def test_what_the_search_hides_is_said_after_it_is_closed(host: Person, ann: Person, ben: Person) -> None:
    async with seat(host, ann, ben) as made:
        await made.shows(ben.handle)
        await made.pilot.press("slash", *ann.handle[1:], "enter")
        await made.shows(f"only “{ann.handle[1:]}”")
        await made.pilot.press("escape")
        await made.shows(ben.handle)


def _has(action: str, space: Any) -> bool:
    return action in [one["action"] for one in space["measures"]]


def _is_marked(mark: str, shown: str) -> bool:
    return mark in shown.splitlines()[0]


HOSTILE = [
    "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
    "👩‍👩‍👧‍👦👩🏽‍🚀🇺🇦 a family and a flag",
    "שלום עולם من فضلك",
    "[bold red]markup[/] \\[x]",
    "e\u0301\u0301\u0301\u0301 marks",
]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("title", HOSTILE)
async def test_whatever_people_are_called_the_frame_is_kept(
    host: Person, ann: Person, size: tuple[int, int], title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if size == (80, 24):
        monkeypatch.setenv("NO_COLOR", "1")
    async with seat(host, ann, size=size, title=title) as made:
        await made.shows(ann.handle)
        await made.shows("? help")
        shown = screen(made.app)
        assert len(shown) == size[1]
        assert {cell_len(line) for line in shown} == {size[0]}
        assert ann.handle in "\n".join(shown)
        assert "here" in shown[-3]
        assert {key for key in shown[-1].split() if len(key) == 1} == set("?mkanMLHu")
        assert "talk" in shown[1]


async def test_who_is_no_staff_sees_what_the_audience_sees(host: Person, ann: Person) -> None:
    async with seat(host) as made:
        async with threaded(Client(ann.server.url, ann.token)) as client:
            first = await asyncio.to_thread(facts, client, made.space)
            assert first.suggestions == ()
            app = ConsoleApp(client, first)
            async with app.run_test(size=(100, 30)) as pilot:
                await pilot.press("M")
                async with asyncio.timeout(8):
                    while not any("host" in line.lower() and "may" in line.lower() for line in screen(app)):
                        await asyncio.sleep(0.05)
        assert (await made.api())["measures"] == []
