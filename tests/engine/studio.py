"""An engine in a process of its own, driven as control drives it, with aiortc as its peers."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal, Protocol, TypeVar

from spacesctl.engine.messages import (
    AddPeer,
    AskStats,
    Frames,
    FromEngine,
    Levels,
    OpenSpace,
    Output,
    PeerJoined,
    PeerLeft,
    Stats,
)
from spacesctl.engine.process import EngineProcess
from spacesctl.rtc import sdp, sdp_answer
from tests.listening import Sound
from tests.webrtc import ListenerPeer, SpeakerPeer, own_address

SPACE = "1aBcDeFgHiJkL"
T = TypeVar("T", bound=FromEngine)


class Closes(Protocol):
    """Who takes part, and is told to stop."""

    async def close(self) -> None: ...


class Studio:
    """One Space on one engine. Keeps everything the engine tells."""

    def __init__(self, engine: EngineProcess) -> None:
        self.engine = engine
        self.ssrc = secrets.randbits(32)
        self.told: list[FromEngine] = []
        self.peers: list[Closes] = []
        self._news = asyncio.Condition()
        self._task = asyncio.create_task(self._read())

    async def open(self, delay: int = 0, first_tick: int = 0, ptime_ms: int = 20) -> None:
        await self.engine.send(OpenSpace(SPACE, time.time(), first_tick, self.ssrc, delay, ptime_ms))

    async def speaker(self, lane: int, pcm: Sound, *, loop: bool = True) -> SpeakerPeer:
        return await self._join(SpeakerPeer(pcm, loop), f"up-{lane}", lane=lane)

    async def listener(self, name: str, group: int = Output.AUDIENCE) -> ListenerPeer:
        return await self._join(ListenerPeer(), name, group=group)

    async def admit(
        self, offer: str, name: str, kind: Literal["up", "down"], lane: int, group: int
    ) -> sdp_answer.Answer:
        """What a server does with an offer."""
        read = sdp.parse_offer(offer)
        ready, ufrag, pwd = self.engine.ready, secrets.token_hex(4), secrets.token_hex(16)
        answer = sdp_answer.answer(
            read,
            kind=kind,
            candidates=[(own_address(), ready.port)],
            tcp=[(host, ready.port) for host in ready.tcp],
            fingerprint=ready.fingerprint,
            ufrag=ufrag,
            pwd=pwd,
            ssrc=self.ssrc,
            cname=SPACE,
        )
        added = AddPeer(
            peer=name,
            space=SPACE,
            kind=kind,
            local_ufrag=ufrag,
            local_pwd=pwd,
            remote_ufrag=read.ufrag,
            remote_pwd=read.pwd,
            remote_fingerprints=list(read.fingerprints),
            dtls=answer.dtls,
            payload_type=answer.payload_type,
            lane=lane,
            group=group,
            level_extension=answer.level_extension,
            nack=answer.nack,
            red=answer.red,
        )
        await self.engine.send(added)
        return answer

    async def until(self, kind: type[T], fits: Callable[[T], bool] = lambda _: True, seconds: float = 8.0) -> T:
        """The first message, of those told already or still to come, that fits."""
        at = 0

        def found() -> T | None:
            nonlocal at
            while at < len(self.told):
                message, at = self.told[at], at + 1
                if isinstance(message, kind) and fits(message):
                    return message
            return None

        async with asyncio.timeout(seconds), self._news:
            while (message := found()) is None:
                await self._news.wait()
            return message

    async def next(self, kind: type[T], fits: Callable[[T], bool] = lambda _: True, seconds: float = 8.0) -> T:
        """The first message from now on that fits."""
        past = len(self.told)
        del self.told[:past]
        return await self.until(kind, fits, seconds)

    async def stats(self) -> Stats:
        await self.engine.send(AskStats())
        return await self.next(Stats)

    def of(self, kind: type[T]) -> list[T]:
        return [message for message in self.told if isinstance(message, kind)]

    async def close(self) -> None:
        await asyncio.gather(*(peer.close() for peer in self.peers))
        self._task.cancel()

    async def _join(self, peer: T2, name: str, lane: int = 0, group: int = Output.AUDIENCE) -> T2:
        self.peers.append(peer)
        kind: Literal["up", "down"] = "up" if isinstance(peer, SpeakerPeer) else "down"
        answer = await self.admit(await peer.offer(), name, kind, lane, group)
        await peer.accept(answer.sdp)
        await peer.joined()
        await self.until(PeerJoined, lambda message: message.peer == name)
        return peer

    async def _read(self) -> None:
        async for message in self.engine:
            async with self._news:
                self.told.append(message)
                self._news.notify_all()


T2 = TypeVar("T2", SpeakerPeer, ListenerPeer)


@contextlib.asynccontextmanager
async def studio(delay: int = 0, ptime_ms: int = 20, *, tcp: bool = False) -> AsyncIterator[Studio]:
    """An engine with one open Space."""
    async with EngineProcess(udp=f"{own_address()}:0", tcp=tcp) as engine:
        made = Studio(engine)
        try:
            await made.open(delay, ptime_ms=ptime_ms)
            yield made
        finally:
            await made.close()


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run an async test body on a fresh loop."""

    async def body() -> None:
        await test()

    asyncio.run(body())


__all__ = ["SPACE", "Frames", "Levels", "PeerLeft", "Studio", "run", "studio"]
