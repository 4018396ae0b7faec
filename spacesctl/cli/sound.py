"""`speak` and `listen`: speaking and listening from a terminal."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from spacesctl.cli.common import Json, Session, SpaceRef, client, space_id
from spacesctl.cli.output import console, emit_json, note
from spacesctl.client.lanes import Lanes
from spacesctl.client.microphone import Microphone, microphone_packets
from spacesctl.client.profile import Profile
from spacesctl.domain.errors import Invalid, NotSignedIn, Refused, Unavailable

if TYPE_CHECKING:
    from spacesctl.client.sound import Recording

TICK = 0.020
"""Seconds of sound in a packet."""
TAIL = 0.3
"""Seconds to stay connected after the last packet, so that the server's jitter buffer plays it."""


def speak(
    ctx: typer.Context,
    space: SpaceRef,
    file: Annotated[Path | None, typer.Option(metavar="F", help="A sound file: WAV, Ogg or any other format.")] = None,
    mic: Annotated[
        bool, typer.Option("--mic", help="Speak with this machine's microphone (pip install 'spacesctl[mic]').")
    ] = False,
    device: Annotated[
        str | None, typer.Option(metavar="NAME|INDEX", help="The microphone, by number or a part of its name.")
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Repeat the file until interrupted.")] = False,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="How long to speak. Default: to the end of the file.")
    ] = None,
    consent: Annotated[
        bool, typer.Option("--consent", help="Agree to captions, rules and recording without being asked.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Speak in a Space: play a sound file in real time, or use the microphone until you interrupt it."""
    where = space_id(space)
    profile = ctx.ensure_object(Session).profile()
    if profile.token is None:
        raise NotSignedIn("no token is set")
    if mic == (file is not None):
        raise Invalid("--file", "give either --file F or --mic")
    if (loop and mic) or (device is not None and not mic):
        raise Invalid("--loop" if mic else "--device", f"can only be given with {'--file' if mic else '--mic'}")
    microphone = Microphone(device) if mic else None
    said = [] if file is None else _said(file, loop=loop)
    with client(ctx) as spaces:
        found = spaces.get(f"/v1/spaces/{where}")
    _agree(found["notice"], consent=consent)
    most = round(seconds / TICK) if seconds else None
    if microphone is not None:
        done = asyncio.run(_speak_by_mic(profile, where, microphone, most))
    else:
        done = asyncio.run(_speak(profile, where, _paced(said), most))
    if as_json:
        emit_json(done)
    else:
        note(f"spoke {done['seconds']:.1f} s")
    if done["lost"]:
        note(f"{done['lost'] * TICK:.2f} s of it were lost: this machine or the network to the server is too slow")
    if done["ended"] == "interrupted":
        raise typer.Exit(130)
    if done["ended"]:
        raise Refused(done["ended"], f"the microphone session ended: {done['ended']}")


def _agree(notice: str | None, *, consent: bool) -> None:
    """Show what transcribes or records speech, and ask for consent. Raises Refused in a script without --consent."""
    if notice is None or consent:
        return
    note(notice)
    if not sys.stdin.isatty():
        raise Refused(
            "consent_needed", "in this Space your speech is transcribed or recorded", hint="add --consent to agree"
        )
    typer.confirm("Open the microphone?", default=True, abort=True, err=True)


def _said(file: Path, *, loop: bool) -> Iterable[bytes]:
    """The packets of a file, once or in an endless loop. Raises Invalid."""
    from spacesctl.client.sound import packets

    if not file.is_file():
        raise Invalid("--file", f"there is no file {file}")
    read = list(packets(file))
    if not read:
        raise Invalid(str(file), "contains no sound")
    return itertools.cycle(read) if loop else read


async def _paced(packets: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The packets in real time, one each 20 ms."""
    clock = asyncio.get_running_loop()
    started = clock.time()
    for number, packet in enumerate(packets):
        await asyncio.sleep(max(0.0, started + number * TICK - clock.time()))
        yield packet


async def _speak_by_mic(profile: Profile, where: str, microphone: Microphone, most: int | None) -> dict[str, Any]:
    async with microphone:
        done = await _speak(profile, where, microphone_packets(microphone), most)
    return {**done, "lost": microphone.lost}


async def _speak(profile: Profile, where: str, packets: AsyncIterator[bytes], most: int | None) -> dict[str, Any]:
    """Send packets as they come, at most `most`. Returns the command's result."""
    from spacesctl.audio import framing

    done: dict[str, Any] = {"seconds": 0.0, "frames": 0, "lane": None, "ended": None, "lost": 0}
    async with AsyncExitStack() as stack:
        lanes = await stack.enter_async_context(Lanes(profile.url, profile.token, where, "speak", consent=True))
        ended: list[str] = []
        watcher = asyncio.create_task(_watch_end(lanes, ended))
        stack.callback(watcher.cancel)
        shown = stack.enter_context(_progress("speaking"))
        task = shown.add_task("", total=most)
        try:
            async for packet in packets:
                if ended or done["frames"] == most:
                    break
                try:
                    await lanes.send(framing.pack(framing.UPLINK, done["frames"], [(0, 0, packet)]))
                except Unavailable:
                    await asyncio.wait({watcher}, timeout=1.0)  # it has the reason
                    break
                done["frames"] += 1
                shown.advance(task)
            if not ended:
                await asyncio.sleep(TAIL)
        except asyncio.CancelledError:
            ended.append("interrupted")  # the result so far is still shown
        done |= {"lane": lanes.hello["lane"], "ended": ended[0] if ended else None}
    done["seconds"] = round(done["frames"] * TICK, 2)
    return done


async def _watch_end(lanes: Lanes, ended: list[str]) -> None:
    reason = "connection lost"
    async for message in lanes:
        match message:
            case {"event": "ended", "reason": said}:
                reason = str(said)
            case {"event": "recorded"}:
                note("this Space is now recorded, so your microphone was closed; run the command again to go on")
            case {"event": "muted"}:
                note("you are muted: nobody hears you")
            case {"event": "unmuted"}:
                note("you are no longer muted, but your microphone is closed; run the command again to speak")
    ended.append(reason)


def listen(
    ctx: typer.Context,
    space: SpaceRef,
    output: Annotated[str, typer.Option(metavar="F.wav|F.ogg|-", help="The file; - is Ogg Opus on standard output.")],
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="How long to listen. Default: until the Space ends.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the sound of a Space to a file or a pipe (`spacesctl listen SPACE --output - | mpv -`)."""
    from spacesctl.client.sound import recording

    if output == "-" and as_json:
        raise Invalid("--json", "cannot be combined with --output -: both use standard output")
    profile = ctx.ensure_object(Session).profile()
    done = asyncio.run(_listen(profile, space_id(space), recording(output), seconds))
    done["output"] = output
    if as_json:
        emit_json(done)
    else:
        note(
            f"heard {done['seconds']:.1f} s, {done['lost']} ticks lost"
            + (f" ({done['ended']})" if done["ended"] else "")
        )
    if done["ended"] == "interrupted":
        raise typer.Exit(130)


async def _listen(profile: Profile, where: str, output: Recording, seconds: float | None) -> dict[str, Any]:
    """Write what is heard. The file is opened once the server has let us in: until then an older one stays."""
    done: dict[str, Any] = {"seconds": 0.0, "ticks": 0, "lost": 0, "ended": None}
    async with AsyncExitStack() as stack:
        lanes = await stack.enter_async_context(Lanes(profile.url, profile.token, where, "listen"))
        file = stack.enter_context(output)
        shown = stack.enter_context(_progress("listening"))
        task = shown.add_task("", total=round(seconds / TICK) if seconds else None)
        try:
            async with asyncio.timeout(seconds):
                last: int | None = None
                async for message in lanes:
                    if isinstance(message, bytes):
                        last = _take(file, message, last, done)
                        shown.update(task, completed=done["ticks"])
                    elif message.get("event") == "ended":
                        done["ended"] = message["reason"]
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            done["ended"] = "interrupted"  # the file so far is kept, and the result shown
    done["seconds"] = round(done["ticks"] * TICK, 2)
    return done


def _take(file: Any, message: bytes, last: int | None, done: dict[str, Any]) -> int:
    """Write a message's packets, after a concealed one for each missing tick before it. Returns its tick."""
    from spacesctl.audio import framing

    mix = framing.unpack(message)
    for _ in range(min(mix.tick - last - 1, 500) if last is not None else 0):
        file.write(None)
        done["lost"] += 1
        done["ticks"] += 1
    for frame in mix.frames:
        file.write(frame.payload)
        done["ticks"] += 1
    return mix.tick


def _progress(what: str) -> Progress:
    """A progress line on stderr; nothing when that is no terminal."""
    out = console(err=True)
    return Progress(TextColumn(what), TimeElapsedColumn(), console=out, transient=True, disable=not out.is_terminal)
