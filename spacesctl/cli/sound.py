"""`speak` and `listen`: speaking and listening from a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import typer

from spacesctl.cli import which
from spacesctl.cli.asking import agreed, can_ask
from spacesctl.cli.common import Json, RoomRef, Session, client, no_token, tell_withheld
from spacesctl.cli.output import emit_json, note
from spacesctl.domain.errors import Gone, Invalid, Refused
from spacesctl.domain.words import Role


def speak(
    ctx: typer.Context,
    space: RoomRef = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A sound file: WAV, Ogg or any other format.")
    ] = None,
    mic: Annotated[
        bool, typer.Option("--mic", help="Speak with this machine's microphone (pip install 'spacesctl[mic]').")
    ] = False,
    device: Annotated[
        str | None, typer.Option(metavar="MICROPHONE", help="The microphone, by number or a part of its name.")
    ] = None,
    announce: Annotated[
        bool,
        typer.Option("--announce", help="Say that a program listens, in a voice that comes with spacesctl (English)."),
    ] = False,
    by_typing: Annotated[
        bool, typer.Option("--type", help="Speak by typing: it is a caption, and spoken where the host has that on.")
    ] = False,
    loop: Annotated[bool, typer.Option("--loop", help="Repeat the file until interrupted.")] = False,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="How long to speak. Default: to the end of the file.")
    ] = None,
    consent: Annotated[
        bool,
        typer.Option(
            "--consent", help="Agree to captions, rules and recording without being asked, also when they begin later."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Speak in a Space: play a sound file in real time, or use the microphone until you interrupt it.

    After a break of the connection a file goes on where it broke off. While you are muted it goes on unheard, and the microphone opens
    again when that is lifted. When a recording begins to which you did not agree, the command ends; --consent agrees to it.
    Exit code 3 when the Space has ended, 5 when you were removed, made a listener or replaced, do not agree, or were not heard at all.
    """
    profile = ctx.ensure_object(Session).profile()
    if profile.token is None:
        tell_withheld(profile)
        raise no_token(profile)
    if [file is not None, mic, announce, by_typing].count(True) != 1:
        raise Invalid("--file", "give either --file F, --mic, --announce or --type")
    if by_typing:
        _type(ctx, space, consent=consent, as_json=as_json, plain=not loop and seconds is None and device is None)
        return
    if announce:
        file = ANNOUNCEMENT
    if (loop and mic) or (device is not None and not mic):
        raise Invalid("--loop" if mic else "--device", f"can only be given with {'--file' if mic else '--mic'}")
    import asyncio

    from spacesctl.cli import speaking
    from spacesctl.client.microphone import Microphone

    microphone = Microphone(device) if mic else None
    said = [] if file is None else _said(file, loop=loop)
    with client(ctx) as spaces:
        found = which.whole(spaces, space, guest=True)
    agree(found.notice, consent=consent)
    if found.me is not None and found.me.muted:
        note(speaking.MUTED)
    most = round(seconds / speaking.TICK) if seconds else None
    if microphone is not None:
        done = asyncio.run(speaking.by_microphone(profile, found, microphone, most, always=consent))
    else:
        done = asyncio.run(speaking.speak(profile, found, speaking.paced(said), most, always=consent))
    if as_json:
        emit_json(done)
    else:
        unheard = f", and {done.unheard * speaking.TICK:.1f} s while your microphone was closed" if done.unheard else ""
        note(f"spoke {done.seconds:.1f} s{unheard}")
    if done.lost:
        lost = done.lost * speaking.TICK
        note(f"{lost:.2f} s of it were lost: this machine or the network to the server is too slow")
    if done.ended == "interrupted":
        raise typer.Exit(130)
    if done.ended == "ended":
        raise Gone("Space", found.id, "ended")
    if done.ended == speaking.UNHEARD:
        raise Refused(done.ended, "this Space is now recorded, so your microphone was closed", hint=_CONSENT)
    if done.ended:
        raise Refused(done.ended, _ENDS.get(done.ended, f"the microphone session ended: {done.ended}"))
    if done.unheard and not done.frames:
        raise Refused("muted", "nothing of it was heard: you were muted all the time")


def _type(ctx: typer.Context, space: str | None, *, consent: bool, as_json: bool, plain: bool) -> None:
    """Speak by typing."""
    from spacesctl.cli.answers import TypedSpeech
    from spacesctl.cli.typing_aloud import type_in

    if not plain:
        raise Invalid("--type", "goes with none of --loop, --seconds, --device")
    with client(ctx) as spaces:
        found = which.whole(spaces, space, guest=True)
        agree(found.notice, consent=consent)
        done = TypedSpeech(texts=type_in(spaces, found.id))
    if as_json:
        emit_json(done)
    else:
        note(f"said {done.texts} {'text' if done.texts == 1 else 'texts'}")


_CONSENT = "add --consent to agree"
ANNOUNCEMENT: Final = Path(__file__).parent / "sounds" / "announcement.ogg"
"""Nine seconds of espeak-ng, made for this project: a program listens, writes captions, and may act by the host's rules."""

_ENDS = {
    "kicked": "you were removed from the Space",
    "demoted": "you were made a listener; ask to speak again with `spacesctl raise`",
    "blocked": "there is a block between you and its hosts",
    "replaced": "you speak from another place now, and that replaced this microphone session",
    "revoked": "your token was revoked",
    "suspended": "your account was suspended",
    "deleted": "your account was deleted",
}


def agree(notice: str | None, *, consent: bool) -> None:
    """Show what transcribes or records speech, and ask for consent. Raises Refused in a script without --consent."""
    if notice is None or consent:
        return
    note(notice)
    if not can_ask():
        raise Refused("consent_needed", "in this Space your speech is transcribed or recorded", hint=_CONSENT)
    if not agreed("Open the microphone?", default=True):
        raise typer.Abort


def _said(file: Path, *, loop: bool) -> Iterable[bytes]:
    """The packets of a file, once or in an endless loop. Raises Invalid."""
    import itertools

    from spacesctl.client.sound import packets

    if not file.is_file():
        raise Invalid("--file", f"there is no file {file}")
    read = list(packets(file))
    if not read:
        raise Invalid(str(file), "contains no sound")
    return itertools.cycle(read) if loop else read


def listen(
    ctx: typer.Context,
    *,
    space: RoomRef = None,
    output: Annotated[str, typer.Option(metavar="FILE", help="The file; - is Ogg Opus on standard output.")],
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="How long to listen. Default: until the Space ends.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the sound of a Space to a file or a pipe (`spacesctl listen SPACE --output - | mpv -`).

    A break of the connection becomes silence of the same length, so that every second is at its place.
    """
    if output == "-" and as_json:
        raise Invalid("--json", "cannot be combined with --output -: both use standard output")
    if output == "-" and sys.stdout is not None and sys.stdout.isatty():
        hint = "pipe it to a player, `--output - | mpv -`, or name a file"
        raise Invalid("--output", "the sound is binary, and a terminal cannot show it", hint=hint)
    import asyncio

    from spacesctl.cli import listening
    from spacesctl.cli.readers import until_unread
    from spacesctl.client.sound import recording

    profile = ctx.ensure_object(Session).profile()
    with client(ctx, anonymous=True) as spaces:
        found = which.whole(spaces, space, guest=True)
    if found.delay_now and (found.me is None or found.me.role == Role.LISTENER):
        note(f"you hear the stage {found.delay_now:g} s late, as the audience does")
    if found.notice:
        note(found.notice)
    work = listening.listen(profile, found.id, recording(output), seconds, output)
    done = asyncio.run(until_unread(work) if output == "-" else work)
    if as_json:
        emit_json(done)
    else:
        note(f"heard {done.seconds:.1f} s, {done.lost} ticks lost" + (f" ({done.ended})" if done.ended else ""))
    if done.ended == "interrupted":
        raise typer.Exit(130)
