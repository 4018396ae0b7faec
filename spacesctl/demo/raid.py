"""`demo --raid`: forty accounts come to disturb a Space, and five commands bring it to order. How soon the audience hears the host alone
is measured in what a listener decoded.

All say real clips. Those of the raid carry a faint tone of 3 kHz, where the host's voice has nothing: while it is heard, so are they.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import numpy as np
from rich.console import Console

from bots import casts
from spacesctl.api.accounts import NewAccount
from spacesctl.api.posts import NewMessage
from spacesctl.api.spaces import NewSpace, SpaceChange
from spacesctl.api.wire import Wire
from spacesctl.audio import framing
from spacesctl.audio.opus import FRAME, Decoder, Encoder
from spacesctl.audio.opus import RATE as FULL_RATE
from spacesctl.client import room_view
from spacesctl.client.aio import AsyncClient
from spacesctl.client.http import Client
from spacesctl.client.lanes import Lanes
from spacesctl.demo import script
from spacesctl.demo.seats import LanesListener
from spacesctl.demo.stage import Stage
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import SpacesError
from spacesctl.domain.words import Policy, Reaction
from spacesctl.probe.accounts import token_of
from spacesctl.probe.probe_listener import RATE, TICK, Heard, ProbeListener, Sound
from spacesctl.probe.server_process import serving
from spacesctl.support.consoles import SafeConsole

RAIDERS = 40
LOUD = 10
"""How many of them got onto the stage: it has ten seats."""
BEFORE, AFTER = 6.0, 4.0
"""Seconds of the raid before the first command, and that are listened to after the last."""
PILOT_HZ = 3_000
PILOT = 0.05
"""The share of full scale that the tone has in their voices."""
LEAST_DB = -55.0
"""A tone below is not heard: 50 dB under a voice, as much as Opus leaves where there is nothing."""
PACE = 0.2
"""Seconds between two things that one of them sends."""
QUIET_DB = -50.0
"""A host above is heard."""


class RaidCommand(Wire, frozen=True, kw_only=True):
    """A command of the host: when it began and was done, in seconds from the first."""

    command: str
    began: float
    done: float


class RaidReport(Wire, frozen=True, kw_only=True):
    """A raid. `host_alone_after` are the seconds from the first command until nobody of it was heard; null if somebody was to the end.
    Levels are in dBFS. `through` counts what they sent to all that was taken after the last command."""

    raiders: int
    loud: int
    commands: list[RaidCommand]
    host_alone_after: float | None
    raid_before_db: float
    raid_after_db: float
    host_after_db: float
    through: int
    newcomer: str
    """What an account got that came then: the reason of the refusal, or `came in`."""


@dataclass
class _Raid:
    stage: Stage
    raiders: list[str]
    through: int = 0


def run(out: Console | None = None, raiders: int = RAIDERS) -> RaidReport:
    """Run it on a server of its own, in a temporary folder. Raises SpacesError."""
    out = out or SafeConsole(stderr=True)
    with serving("--no-bots") as server:
        out.print("starting a server with a Space for this raid", style="dim")
        server.wait()
        stage = _prepare(server.url, server.owner_token, raiders)
        return asyncio.run(_perform(_Raid(stage, list(stage.tokens)[2:]), out))


def _prepare(url: str, owner_token: str, raiders: int) -> Stage:
    """The accounts, the host first, then one who comes too late; and a live Space in which the loudest have a seat."""
    names = ["host", "late", *(f"raider{number}" for number in range(raiders))]
    with Client(url, owner_token) as owner:
        made = {name: owner.accounts.create(NewAccount(handle=name)) for name in names}
    tokens = {name: token_of(one) for name, one in made.items()}
    with Client(url, tokens["host"]) as host:
        live = host.spaces.create(
            NewSpace(title="A Space that is raided", speakers=Policy.EVERYONE, captions=False, start=True)
        )
        for name in names[2:][:LOUD]:
            with Client(url, tokens[name]) as loud:
                loud.people.raise_hand(live.id)
        host.spaces.edit(live.id, SpaceChange(speakers=Policy.INVITED))
        room = room_view.of(live, host.people.list(live.id))
    ids = {name: one.id for name, one in made.items()}
    return Stage(url, room, live.link, "host", ids, tokens, live.captions_status)


def _voices() -> tuple[list[bytes], list[list[bytes]]]:
    """The packets of the host, and of those who shout."""
    host, *others = casts.load("cast_a").people
    return _packets(_notched(_sound(host))), [_packets(_with_pilot(_notched(_sound(one)))) for one in others]


async def _perform(raid: _Raid, out: Console) -> RaidReport:
    stage = raid.stage
    ear = ProbeListener("lanes", None)
    listener = LanesListener(stage, None, ear)
    plain, loud = await asyncio.to_thread(_voices)
    tasks = [asyncio.create_task(listener.run()), asyncio.create_task(_say(stage, "host", plain))]
    await listener.joined.wait()
    for number, name in enumerate(raid.raiders):
        if number < LOUD:
            tasks.append(asyncio.create_task(_say(stage, name, loud[number % len(loud)])))
        tasks.append(asyncio.create_task(_disturb(raid, name)))
    out.print(f"{len(raid.raiders)} accounts shout, react, ask to speak and write", style="dim")
    await asyncio.sleep(BEFORE)
    tick, at = listener.clock
    first = tick + (asyncio.get_running_loop().time() - at) / TICK_SECONDS
    commands = await _commands(raid, out)
    raid.through = 0
    await asyncio.sleep(AFTER)
    through, newcomer = raid.through, await _come(stage)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return measured(ear.heard(), first, commands, raiders=len(raid.raiders), through=through, newcomer=newcomer)


async def _commands(raid: _Raid, out: Console) -> list[RaidCommand]:
    """The host's five commands, each as a process of its own, as they are typed."""
    space = raid.stage.space_id
    typed = [
        ["panic", space, "--for", "10m", "--reason", "a raid"],
        ["lock", space, "--reason", "a raid"],
        ["slow", space, "--every", "1h"],
        ["demote", space, "--all"],
        ["kick", space, ",".join(raid.raiders), "--erase", "--mute-dms", "--yes", "--reason", "a raid"],
    ]
    began, done = monotonic(), []
    for words in typed:
        at = monotonic() - began
        await _command(raid.stage, words)
        shown = " ".join(word if len(word) < 40 else f"{len(raid.raiders)} handles" for word in words)
        done.append(RaidCommand(command=f"spacesctl {shown}", began=round(at, 2), done=round(monotonic() - began, 2)))
        out.print(f"{done[-1].done:6.2f} s  {done[-1].command}", style="dim", soft_wrap=True)
    return done


async def _command(stage: Stage, words: Sequence[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPACESCTL_")}
    environment |= {"SPACESCTL_URL": stage.url, "SPACESCTL_TOKEN": stage.tokens["host"]}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "spacesctl", *words), env=environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await process.wait()


async def _say(stage: Stage, name: str, packets: Sequence[bytes]) -> None:
    """Say a clip over and over, until the server ends it."""
    loop = asyncio.get_running_loop()
    with suppress(SpacesError):
        async with Lanes(stage.url, stage.tokens[name], stage.space_id, "speak") as lanes:
            began, number = loop.time(), 0
            while True:
                await lanes.send(framing.pack(framing.UPLINK, number, [(0, 0, packets[number % len(packets)])]))
                number += 1
                await asyncio.sleep(max(0.0, began + number * TICK_SECONDS - loop.time()))


async def _disturb(raid: _Raid, name: str) -> None:
    """React, ask to speak, and write to the host, one after the other."""
    stage = raid.stage
    async with AsyncClient(stage.url, stage.tokens[name]) as client:
        while True:
            for number in range(3):
                with suppress(SpacesError):
                    if number == 0:
                        await client.spaces.react(stage.space_id, Reaction.WAVE)
                    elif number == 1:
                        await client.people.raise_hand(stage.space_id)
                    else:
                        await client.messages.send(NewMessage(to="@host", text="we are here"))
                    raid.through += 1
                await asyncio.sleep(PACE)


async def _come(stage: Stage) -> str:
    """What an account gets that would come in now."""
    try:
        async with Lanes(stage.url, stage.tokens["late"], stage.space_id, "listen"):
            return "came in"
    except SpacesError as error:
        return error.reason or error.code


def measured(
    heard: Heard, first: float, commands: list[RaidCommand], *, raiders: int, through: int, newcomer: str
) -> RaidReport:
    """The report, from what a listener decoded; the first command began at tick `first`."""
    tones = pilot_db(heard.sound)
    at = max(0, round(first - heard.first))
    audible = np.flatnonzero(tones[at:] > LEAST_DB)
    last = int(audible[-1]) + 1 if len(audible) else 0
    tail = round(AFTER / 2 / TICK_SECONDS)
    return RaidReport(
        raiders=raiders,
        loud=min(LOUD, raiders),
        commands=commands,
        host_alone_after=None if len(tones) - at - last < tail else round(last * TICK_SECONDS, 2),
        raid_before_db=round(float(tones[:at].max(initial=LEAST_DB)), 1),
        raid_after_db=round(float(tones[-tail:].max(initial=-120.0)), 1),
        host_after_db=round(level_db(heard.sound[-tail * TICK :]), 1),
        through=through,
        newcomer=newcomer,
    )


def pilot_db(sound: Sound) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The level of the raid's tone in each tick, in dBFS (its peak)."""
    frames = sound[: len(sound) // TICK * TICK].reshape(-1, TICK)
    wave = np.hanning(TICK) * np.exp(-2j * np.pi * PILOT_HZ * np.arange(TICK) / RATE)
    levels = 2 * np.abs(frames @ wave) / np.hanning(TICK).sum()
    return np.asarray(20 * np.log10(np.maximum(levels, 1e-6)), np.float64)


def level_db(sound: Sound) -> float:
    """The level of a sound, in dBFS (RMS)."""
    power = float(np.mean(np.square(sound, dtype=np.float64))) if len(sound) else 0.0
    return float(10 * np.log10(max(power, 1e-12)))


Whole = np.ndarray[tuple[int], np.dtype[np.float64]]


def _sound(person: casts.Person) -> Whole:
    """A clip at 48 kHz; full scale is 1."""
    decoder = Decoder()
    pcm = np.concatenate([decoder.decode(packet) for packet in script.read(person).packets])
    return np.asarray(pcm / 32_768, np.float64)


def _notched(sound: Whole) -> Whole:
    """Without what it has from 2.5 to 3.5 kHz."""
    spectrum = np.fft.rfft(sound)
    at = np.fft.rfftfreq(len(sound), 1 / FULL_RATE)
    spectrum[(at > PILOT_HZ - 500) & (at < PILOT_HZ + 500)] = 0
    return np.asarray(np.fft.irfft(spectrum, len(sound)), np.float64)


def _with_pilot(sound: Whole) -> Whole:
    return sound + PILOT * np.sin(2 * np.pi * PILOT_HZ * np.arange(len(sound)) / FULL_RATE)


def _packets(sound: Whole) -> list[bytes]:
    encoder = Encoder(bitrate=48_000)
    pcm = np.clip(sound * 32_767, -32_768, 32_767).astype(np.int16)
    whole = pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME)
    return [encoder.encode(frame) for frame in whole]


def summary(report: RaidReport) -> str:
    """What came out, in lines."""
    alone = report.host_alone_after
    when = f"{alone:.2f} s after the first command" if alone is not None else "never"
    lines = [
        f"{report.raiders} accounts, {report.loud} of them on stage: their tone at {report.raid_before_db:.0f} dBFS",
        *(f"{one.done:6.2f} s  {one.command}" for one in report.commands),
        f"the audience hears the host alone: {when} (their tone {report.raid_after_db:.0f} dBFS, the host "
        f"{report.host_after_db:.0f} dBFS)",
        f"taken of what they send afterwards: {report.through}; an account that comes now: {report.newcomer}",
    ]
    return "\n".join(lines)
