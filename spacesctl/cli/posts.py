"""`post`, `share`, `play`: words and voice clips, to everybody and into a Space."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from spacesctl.cli.common import Json, SpaceRef, client, space_id
from spacesctl.cli.output import clean, console, emit_json, say
from spacesctl.client.http import Client, segment
from spacesctl.domain.errors import Invalid, NotFound, Refused
from spacesctl.domain.ids import is_space_id
from spacesctl.domain.posts import MAX_CLIP_SECONDS, MAX_TEXT, is_post_id

Voice = Annotated[
    Path | None,
    typer.Option("--voice", metavar="FILE", help=f"A voice clip: any audio file, at most {MAX_CLIP_SECONDS} s."),
]
_PLAYERS: dict[str, list[str]] = {
    "ffplay": ["-nodisp", "-autoexit", "-loglevel", "error"],
    "mpv": ["--no-video", "--really-quiet"],
    "pw-play": [],
}


def post(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help=f"At most {MAX_TEXT} characters.")] = "",
    voice: Voice = None,
    delete: Annotated[str | None, typer.Option(metavar="ID", help="Take a post of yours back instead.")] = None,
    as_json: Json = False,
) -> None:
    """Post to everybody, with your voice if you like."""
    if delete is not None:
        if text or voice is not None:
            raise Invalid("--delete", "goes alone")
        _delete(ctx, delete, as_json=as_json)
        return
    if not text and voice is None:
        raise Invalid("TEXT", "write something, or add --voice")
    with client(ctx) as spaces:
        body = {"text": text, "clip": upload(spaces, voice)}
        made = spaces.post("/v1/posts", body, idempotency_key=str(uuid.uuid4()))
    if as_json:
        emit_json(made)
    else:
        say(f"posted, id {made['id']}")


def _delete(ctx: typer.Context, ref: str, *, as_json: bool) -> None:
    with client(ctx) as spaces:
        spaces.delete(f"/v1/posts/{segment(ref)}")
    if as_json:
        emit_json({"id": ref, "deleted": True})
    else:
        say(f"post {ref} is deleted")


def upload(spaces: Client, voice: Path | None) -> str | None:
    """The id of the clip that a file becomes."""
    return None if voice is None else str(spaces.upload("/v1/clips", voice)["id"])


def share(
    ctx: typer.Context,
    space: SpaceRef,
    what: Annotated[str, typer.Argument(metavar="POST|URL", help="A post's id, or a link.")],
    title: Annotated[str | None, typer.Option(help="What the link is called; else its host.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take it down again.")] = False,
    as_json: Json = False,
) -> None:
    """Show everybody in a Space a post or a link; ten at most, the newest first."""
    place = f"/v1/spaces/{space_id(space)}"
    with client(ctx) as spaces:
        if remove:
            found = spaces.delete(f"{place}/pins/{_pin_id(spaces.get(place), what)}")
        else:
            found = spaces.post(f"{place}/pins", _pin(what, title))
    if as_json:
        emit_json(found["pinned"])
    else:
        show_pins(found["pinned"])


def _pin(what: str, title: str | None) -> dict[str, Any]:
    if is_post_id(what):
        if title is not None:
            raise Invalid("--title", "is for links; a post shows its text")
        return {"post": what}
    if "://" not in what:
        raise Invalid("POST|URL", f"{what!r} is neither a post's id nor a link", hint="as https://example.org/")
    return {"url": what, "title": title}


def _pin_id(space: dict[str, Any], what: str) -> str:
    """By the id of a post, a link, or the pin's own id. Raises NotFound."""
    for pin in space["pinned"]:
        if what in (pin["id"], pin["url"], (pin["post"] or {}).get("id")):
            return str(pin["id"])
    raise NotFound("pin", what)


def show_pins(pins: list[dict[str, Any]]) -> None:
    for pin in pins:
        if pin["post"] is not None:
            show_post(pin["post"])
        else:
            say(f"{clean(pin['title'])}  {clean(pin['url'])}  (by {pin['by']})")


def show_post(found: dict[str, Any]) -> None:
    out = console()
    out.print(f"{found['author']}  {found['created_at']}  {found['id']}", style="bold")
    for line in clean(found["text"]).splitlines():
        out.print(f"  {line}")
    show_clip(found["clip"], found["id"])


def show_clip(clip: dict[str, Any] | None, ref: str) -> None:
    """`ref` is what `play` takes for it."""
    if clip is not None:
        console().print(f"  (voice, {clip['duration_ms'] / 1000:.0f} s: spacesctl play {ref})", style="dim")


def play(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="POST|CLIP", help="The id of a post, or of a voice clip.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it (Ogg Opus) instead of playing it.")] = None,
    as_json: Json = False,
) -> None:
    """Hear the voice clip of a post or a message, by ffplay, mpv or pw-play."""
    with client(ctx, anonymous=True) as spaces:
        clip = _clip_id(spaces, what)
        player = None if out is not None else _player()
        sound = spaces.content(f"/v1/clips/{clip}.ogg")
    if out is not None:
        out.write_bytes(sound)
    elif player is not None:
        _play(player, sound)
    if as_json:
        emit_json({"clip": clip, "bytes": len(sound), "file": str(out) if out else None, "player": player})
    elif out is not None:
        say(f"{out}: {len(sound)} bytes")


def _clip_id(spaces: Client, what: str) -> str:
    if is_space_id(what):  # clips have ids of the same shape
        return what
    if not is_post_id(what):
        raise Invalid("POST|CLIP", f"{what!r} is the id of neither a post nor a voice clip")
    clip = spaces.get(f"/v1/posts/{what}")["clip"]
    if clip is None:
        raise NotFound("voice clip in post", what)
    return str(clip["id"])


def _player() -> str:
    found = next((name for name in _PLAYERS if shutil.which(name)), None)
    if found is None:
        names = ", ".join(_PLAYERS)
        raise Refused(
            "no_player", f"none of {names} is installed", hint="install one, or write the clip with --out FILE"
        )
    return found


def _play(player: str, sound: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".ogg") as file:
        file.write(sound)
        file.flush()
        done = subprocess.run([player, *_PLAYERS[player], file.name], stdin=subprocess.DEVNULL, check=False)  # noqa: S603
    if done.returncode != 0:
        raise Refused("not_played", f"{player} could not play it", hint="write it with --out FILE")
