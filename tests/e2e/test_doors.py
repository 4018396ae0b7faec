"""Who is put out stays out: every door of a Space, tried with every token, while the old connections go on sending."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from spacesctl.audio import framing
from spacesctl.domain.errors import NotAllowed, NotSignedIn, SpacesError
from tests.e2e.peers import LaneListener, LaneSpeaker, LightPeer, packets_of, post_offer
from tests.e2e.rawsocket import RawSocket
from tests.e2e.scene import TICK, Scene, run, scene, until
from tests.listening import RATE, likeness, loudness, voice
from tests.raw import AsyncRaw

GOOD, BAD = voice(1, 1.5), voice(2, 1.5)
WINDOW = round(2.2 * RATE)
PRESENT, ABSENT = 0.4, 0.2


async def tries(url: str, place: str, token: str) -> dict[str, SpacesError | None]:
    """What each door answers to this token: the refusal, None where it opens."""
    found: dict[str, SpacesError | None] = {}

    async def door(name: str, opens: Awaitable[object]) -> None:
        try:
            await opens
        except SpacesError as error:
            found[name] = error
        else:
            found[name] = None

    async def stream(api: AsyncRaw, **params: str) -> None:
        async for _ in api.events(f"{place}/events", **params):
            return

    async def lanes(role: str) -> None:
        async with AsyncRaw(url, token).lanes(place.split("/")[-1], role):  # type: ignore[arg-type]
            return

    async with AsyncRaw(url, token) as api:
        for way, up in (("whip", True), ("whep", False)):
            await door(way, post_offer(url, f"{place}/{way}", token, LightPeer("again", up=up).offer()))
        for role in ("speak", "listen", "all"):
            await door(f"lanes {role}", lanes(role))
        for what in ("accept", "requests", "reactions"):
            body = {"reaction": "clap"} if what == "reactions" else None
            await door(what, api.call("POST", f"{place}/{what}", body))
        await door("mic", api.call("PUT", f"{place}/mic", {"open": True}))
        for what in ("", "/captions", "/people"):
            await door(f"get {what}", api.call("GET", f"{place}{what}"))
        await door("events", stream(api))
        await door("staff events", stream(api, view="staff"))
    return found


class Intruder:
    """An account with an old and a new token, and old connections that take no notice of being closed."""

    def __init__(self, room: Scene, handle: str) -> None:
        self.room = room
        self.handle = handle
        self.tokens = [room.tokens[handle]]
        self.up = LightPeer("up", up=True)
        self.down = LightPeer("down")
        self.sent = 0
        self._packets = packets_of(BAD)

    async def another_token(self) -> None:
        made = await self.room.as_(self.handle).call("POST", f"/v1/accounts/@{self.handle}/tokens", {})
        self.tokens.append(made["token"])

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """By WHIP and WHEP; it goes on sending and asking until the end."""
        url, place, token = self.room.server.url, self.room.place, self.tokens[0]
        await self.up.join(url, place, token)
        await self.down.join(url, place, token)
        talking = asyncio.create_task(self._talk())
        try:
            yield
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
            self.up.transport.close()
            self.down.transport.close()

    async def _talk(self) -> None:
        async for number in ticks():
            self.up.say(number & 0xFFFF, self._packets[number % len(self._packets)])
            if number % 25 == 0:
                self.up.check()
                self.down.check()
            self.sent += 1


async def shouts(socket: RawSocket, packets: Sequence[bytes]) -> None:
    """Speak over a connection that knows no close frame, until the kernel refuses."""
    with suppress(OSError):
        async for number in ticks():
            await socket.send(2, framing.pack(framing.UPLINK, number, [(0, 0, packets[number % len(packets)])]))


async def ticks() -> AsyncIterator[int]:
    """0, 1, ... every 20 ms."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(10_000):
        await asyncio.sleep(max(0.0, began + number * TICK - loop.time()))
        yield number


async def heard_now(listener: LaneListener) -> tuple[float, float]:
    """(the good voice, the intruder's), in what is heard from now on."""
    listener.forget()
    await asyncio.sleep(2.5)
    heard = listener.heard()
    return likeness(heard[-WINDOW:], GOOD), likeness(heard[-WINDOW:], BAD)


@pytest.mark.timeout(40)
def test_a_kicked_account_finds_every_door_shut_to_every_token_while_its_old_peers_go_on_sending(
    tmp_path: Path,
) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann", "bad") as room:
            listener = await room.stack.enter_async_context(LaneListener(room))
            await room.stack.enter_async_context(LaneSpeaker(room, "ann", packets_of(GOOD)))
            await room.as_host.call("POST", f"{room.place}/invites", {"handles": ["@bad"], "role": "cohost"})
            bad = Intruder(room, "bad")
            await bad.another_token()
            async with bad.connected():
                good, evil = await heard_now(listener)
                assert good > PRESENT < evil
                streaming = asyncio.create_task(_drain(room.as_("bad"), f"{room.place}/events"))
                await asyncio.sleep(0.1)
                assert bad.down.count > 50
                await room.act("kick", "bad")
                await bad.another_token()
                assert await asyncio.wait_for(streaming, 3), "its event stream ended by itself"
                await asyncio.sleep(0.2)
                received, sent = bad.down.count, bad.sent
                for token in bad.tokens:
                    found = await tries(room.server.url, room.place, token)
                    for door, refusal in found.items():
                        assert isinstance(refusal, NotAllowed), f"{door}: {refusal}"
                        assert refusal.reason == "barred", f"{door}: {refusal.reason}"
                good, evil = await heard_now(listener)
                assert bad.sent - sent > 100, "it never stopped sending"
                assert bad.down.count == received, "its old WHEP receives nothing more"
            assert good > PRESENT
            assert evil < ABSENT
            assert await room.metric("spacesctl_engine_dropped_unknown_source_total") > 100
            people = await room.as_host.call("GET", f"{room.place}/people")
            assert "@bad" not in [one["handle"] for one in people["data"]]

    run(body)


async def _drain(api: AsyncRaw, path: str) -> bool:
    async for _ in api.events(path):
        pass
    return True


@pytest.mark.timeout(40)
def test_a_kicked_accounts_old_lane_is_not_heard_whatever_it_goes_on_sending(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "bad") as room:
            listener = await room.stack.enter_async_context(LaneListener(room))
            async with RawSocket(room.server.url, room.tokens["bad"], room.place, "speak") as socket:
                assert (await socket.read_json())["lane"]
                shouting = asyncio.create_task(shouts(socket, packets_of(BAD)))
                assert (await heard_now(listener))[1] > PRESENT
                await room.act("kick", "bad")
                assert (await heard_now(listener))[1] < ABSENT
                # What was on its way when the door shut may be at the beginning of it.
                assert loudness(listener.heard()[RATE // 2 :]) < 0.001
                told = await socket.read_json()
                assert told == {"event": "ended", "reason": "kicked"}
                assert await socket.close_code() == 1000
                shouting.cancel()
                await asyncio.gather(shouting, return_exceptions=True)

    run(body)


@pytest.mark.timeout(40)
def test_a_block_puts_an_account_out_of_every_live_space_of_the_blocker_and_of_no_other(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "bad") as room:
            await room.account("other")
            second = await room.new_space()
            theirs = await room.new_space("other")
            first = room.space
            for space in (second, theirs):
                await room.as_("bad").call("POST", f"/v1/spaces/{space}/requests")
            peers = {}
            for space in (first, second, theirs):
                peers[space] = LightPeer(f"in {space}")
                await peers[space].join(room.server.url, f"/v1/spaces/{space}", room.tokens["bad"])
            room.space = second
            listener = await room.stack.enter_async_context(LaneListener(room))
            shouting = await room.stack.enter_async_context(LaneSpeaker(room, "bad", packets_of(BAD)))
            assert (await heard_now(listener))[1] > PRESENT
            await room.as_host.call("PUT", "/v1/accounts/me/blocks/@bad")
            await asyncio.sleep(0.2)
            counts = {space: peer.count for space, peer in peers.items()}
            made = await room.as_("bad").call("POST", "/v1/accounts/@bad/tokens", {})
            for space in (first, second):
                for token in (room.tokens["bad"], made["token"]):
                    for door, refusal in (await tries(room.server.url, f"/v1/spaces/{space}", token)).items():
                        assert isinstance(refusal, NotAllowed), f"{door}: {refusal}"
                        assert refusal.reason == "blocked", f"{door}: {refusal.reason}"
            assert (await heard_now(listener))[1] < ABSENT
            assert shouting.ended == "blocked"
            assert {space: peer.count for space, peer in peers.items() if space != theirs} == {
                space: count for space, count in counts.items() if space != theirs
            }
            await until(lambda: peers[theirs].count > counts[theirs] + 5)  # of silence, a packet each 400 ms
            assert (await tries(room.server.url, f"/v1/spaces/{theirs}", made["token"]))["whep"] is None
            with pytest.raises(SpacesError) as refused:
                await room.as_("bad").call("POST", "/v1/dms", {"to": "@host", "text": "let me in"})
            assert refused.value.reason == "blocked"
            for peer in peers.values():
                peer.transport.close()

    run(body)


def test_anonymous_listeners_are_let_in_where_the_space_is_public_and_only_there(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "bad") as room:
            await room.act("kick", "bad")
            nobody = LightPeer("nobody")
            await nobody.join(room.server.url, room.place, None)
            await until(lambda: nobody.count > 20)
            assert (await room.anyone.call("GET", f"{room.place}/people"))["anonymous"] == 1
            private = await room.new_space(listeners="accounts")
            place = f"/v1/spaces/{private}"
            with pytest.raises(NotSignedIn):
                await post_offer(room.server.url, f"{place}/whep", None, LightPeer("x").offer())
            with pytest.raises(NotSignedIn):
                async with room.anyone.lanes(private, "listen"):
                    pass
            with pytest.raises(NotSignedIn):
                await room.anyone.call("GET", f"{place}/captions")
            with pytest.raises(NotSignedIn):
                await _drain(room.anyone, f"{place}/events")
            somebody = LightPeer("somebody")
            await somebody.join(room.server.url, place, room.tokens["bad"])
            await until(lambda: somebody.count > 20)
            ear = await room.stack.enter_async_context(LaneListener(room))
            streaming = asyncio.create_task(_drain(room.anyone, f"{room.place}/events"))
            await asyncio.sleep(0.2)
            await room.as_host.call("PATCH", room.place, {"listeners": "accounts"})
            assert await asyncio.wait_for(streaming, 3), "who was let in before is put out"
            await until(lambda: ear.told == [{"event": "ended", "reason": "accounts_only"}])
            await until(lambda: nobody.was_hung_up_on)
            for peer in (nobody, somebody):
                peer.transport.close()

    run(body)


def test_a_websocket_from_another_sites_page_is_refused(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as room:
            for origin in ("https://evil.example", "null", "http://127.0.0.1:1", room.server.url + ".evil.example"):
                async with RawSocket(room.server.url, None, room.place, "listen", origin=origin) as socket:
                    refused = await socket.read_json()
                    assert refused["problem"]["reason"] == "origin"
                    assert await socket.close_code() == 4403
            async with RawSocket(room.server.url, None, room.place, "listen", origin=room.server.url) as socket:
                assert (await socket.read_json())["role"] == "listen"

    run(body)


GOOD_FRAME = framing.pack(framing.UPLINK, 1, [(0, 0, b"\xfc\xff\xfe")])
MALFORMED = {
    "empty": b"",
    "one byte": b"\x01",
    "half a head": GOOD_FRAME[:7],
    "half a frame": GOOD_FRAME[:-1],
    "another version": b"\x02" + GOOD_FRAME[1:],
    "unknown kind": GOOD_FRAME[:1] + b"\x09" + GOOD_FRAME[2:],
    "no frame": GOOD_FRAME[:2] + b"\x00\x00" + GOOD_FRAME[4:12],
    "65535 frames": GOOD_FRAME[:2] + b"\xff\xff" + GOOD_FRAME[4:],
    "more than it says": GOOD_FRAME + b"\x00",
    "the bot's kind": framing.pack(framing.LANES, 1, [(1, 1, b"\xfc\xff\xfe")]),
    "a mix": framing.pack(framing.MIX, 1, [(0, 0, b"\xfc\xff\xfe")]),
    "60 KB of noise": bytes(range(256)) * 240,
}


@pytest.mark.timeout(30)
def test_malformed_messages_are_dropped_and_counted_and_the_connection_and_the_space_live_on(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann", "bad") as room:
            url, dropped = room.server.url, "spacesctl_lane_messages_dropped_total"
            listener = await room.stack.enter_async_context(LaneListener(room))
            await room.stack.enter_async_context(LaneSpeaker(room, "ann", packets_of(GOOD)))
            async with (
                RawSocket(url, room.tokens["bad"], room.place, "speak") as speaking,
                RawSocket(url, None, room.place, "listen") as listening,
            ):
                await speaking.read_json()
                await listening.read_json()
                for message in MALFORMED.values():
                    await speaking.send(2, message)
                    await listening.send(2, message)
                for text in ("", "{}", '{"event": "ended"}', "\N{ZERO WIDTH SPACE}" * 1000):
                    await speaking.send(1, text.encode())
                await listening.send(2, GOOD_FRAME)  # well made, by somebody who may not speak here
                want = 2 * len(MALFORMED) + 4 + 1
                async with asyncio.timeout(5):
                    while (count := await room.metric(dropped)) < want:
                        await asyncio.sleep(0.05)
                assert count == want
                no_opus = [b"", b"\xff" * 200, b"\x03", b"\x03\x00", b"\xfc" + b"\x55" * 1274]
                for number, payload in enumerate(no_opus):
                    await speaking.send(
                        2, framing.pack(framing.UPLINK, 0xFFFF_FFFF_0000_0000 + number, [(9, 255, payload)])
                    )
                shouting = asyncio.create_task(shouts(speaking, packets_of(BAD)))
                await asyncio.sleep(0.5)
                good, evil = await heard_now(listener)
                assert good > PRESENT < evil, "the same connection still speaks"
                shouting.cancel()
                await asyncio.gather(shouting, return_exceptions=True)
                assert await room.metric("spacesctl_engine_dropped_not_opus_total") >= 2

    run(body)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("rudeness", "code"),
    [
        ("a message of 65 KiB", 1009),
        ("a frame without a mask", 1002),
        ("bad UTF-8", 1007),
        ("no WebSocket at all", 1002),
    ],
)
def test_what_is_no_websocket_message_ends_that_connection_alone(tmp_path: Path, rudeness: str, code: int) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann", "bad") as room:
            listener = await room.stack.enter_async_context(LaneListener(room))
            await room.stack.enter_async_context(LaneSpeaker(room, "ann", packets_of(GOOD)))
            async with RawSocket(room.server.url, room.tokens["bad"], room.place, "speak") as socket:
                await socket.read_json()
                match rudeness:
                    case "a message of 65 KiB":
                        await socket.send(2, b"\x01" * 66_000)
                    case "a frame without a mask":
                        await socket.send(2, GOOD_FRAME, masked=False)
                    case "bad UTF-8":
                        await socket.send(1, b"\xff\xfe\xfd")
                    case _:
                        await socket.send_raw(b"\xff" * 400)
                assert await asyncio.wait_for(socket.close_code(), 5) == code
            good, _ = await heard_now(listener)
            assert good > PRESENT
            people = (await room.anyone.call("GET", f"{room.place}/people"))["data"]
            assert [one["handle"] for one in people if one["lane"] is not None] == ["@ann"]

    run(body)
