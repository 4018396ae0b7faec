"""The program of this machine that plays a sound file."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from spacesctl.cli.output import emit_json, say
from spacesctl.domain.errors import Refused

_PLAYERS: Final[dict[str, list[str]]] = {
    "ffplay": ["-nodisp", "-autoexit", "-loglevel", "error"],
    "mpv": ["--no-video", "--really-quiet"],
    "pw-play": [],
}
_QUIETLY: Final[dict[str, list[str]]] = {
    "ffplay": ["-af", "alimiter=limit=0.25:level=false"],
    "mpv": ["--af=lavfi=[alimiter=limit=0.25:level=false]"],
    "pw-play": ["--volume=0.25"],
}
"""What keeps peaks at a quarter of full scale: who reviews a report does not know what comes."""


def player() -> str:
    """Its name. Raises Refused when there is none."""
    found = next((name for name in _PLAYERS if shutil.which(name)), None)
    if found is None:
        names = ", ".join(_PLAYERS)
        raise Refused(
            "no_player", f"none of {names} is installed", hint="install one, or write the clip with --out FILE"
        )
    return found


def play_sound(name: str, sound: bytes, *, quietly: bool = False) -> None:
    """Play a file with this program until its end, `quietly` without loud peaks. Raises Refused when it fails."""
    options = [*_PLAYERS[name], *(_QUIETLY[name] if quietly else [])]
    with tempfile.NamedTemporaryFile(suffix=".ogg") as file:
        file.write(sound)
        file.flush()
        done = subprocess.run([name, *options, file.name], stdin=subprocess.DEVNULL, check=False)  # noqa: S603 - one of `_PLAYERS` with a file of our own
    if done.returncode != 0:
        raise Refused("not_played", f"{name} could not play it", hint="write it with --out FILE")


def play_evidence(
    clip: str, fetch: Callable[[], bytes], whose: str, words: str, out: Path | None, *, as_json: bool
) -> None:
    """Fetch evidence, print whose it is and its words, and write it to a file or (`out` None) play it quietly; say what was done.
    `clip` names it. Raises Refused before it is fetched when nothing here can play it.
    """
    name = None if out is not None else player()
    sound = fetch()
    if not as_json:
        say(f"{whose}: {words or 'no words were recognised'}")
    if out is not None:
        out.write_bytes(sound)
    elif name is not None:
        play_sound(name, sound, quietly=True)
    if as_json:
        from spacesctl.cli.answers import PlayedClip

        emit_json(PlayedClip(clip=clip, bytes=len(sound), file=str(out) if out else None, player=name))
    elif out is not None:
        say(f"{out}: {len(sound)} bytes")
