"""`post`, `share`, `play`: posts with text and voice clips, and what is shared in a Space."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.common import Json, SpaceRef, client, new_key
from spacesctl.cli.output import emit_json, say
from spacesctl.cli.postview import show_pins
from spacesctl.domain.errors import Invalid, NotFound
from spacesctl.domain.ids import is_space_id
from spacesctl.domain.posts import MAX_CLIP_SECONDS, MAX_TEXT, is_post_id

if TYPE_CHECKING:
    from spacesctl.api.spaces import NewPin, Space
    from spacesctl.client.http import Client

Voice = Annotated[
    Path | None,
    typer.Option("--voice", metavar="FILE", help=f"A voice clip: any audio file, at most {MAX_CLIP_SECONDS} s."),
]


def post(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="WORDS", help=f"At most {MAX_TEXT} characters.")] = "",
    voice: Voice = None,
    delete: Annotated[str | None, typer.Option(metavar="ID", help="Delete one of your posts instead.")] = None,
    as_json: Json = False,
) -> None:
    """Publish a post, as text, as a voice clip or both."""
    if delete is not None:
        if text or voice is not None:
            raise Invalid("--delete", "cannot be combined with WORDS or --voice")
        _delete(ctx, delete, as_json=as_json)
        return
    if not text and voice is None:
        raise Invalid("WORDS", "write something, or add --voice")
    from spacesctl.api.posts import NewPost

    with client(ctx) as spaces:
        made = spaces.posts.create(NewPost(text=text, clip=upload(spaces, voice)), idempotency_key=new_key())
    if as_json:
        emit_json(made)
    else:
        say(f"posted, id {made.id}")


def _delete(ctx: typer.Context, ref: str, *, as_json: bool) -> None:
    with client(ctx) as spaces:
        spaces.posts.delete(ref)
    if as_json:
        from spacesctl.cli.answers import Deleted

        emit_json(Deleted(id=ref))
    else:
        say(f"post {ref} is deleted")


def upload(spaces: Client, voice: Path | None) -> str | None:
    """Upload a voice clip; its id, or None without a file. Raises OSError and the server's errors."""
    return None if voice is None else spaces.upload_clip(voice).id


def share(
    ctx: typer.Context,
    *,
    space: SpaceRef = None,
    what: Annotated[str, typer.Argument(metavar="POST|URL", help="A post's id, or a link.")],
    title: Annotated[str | None, typer.Option(help="The link's title. Default: its host name.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Stop sharing it.")] = False,
    as_json: Json = False,
) -> None:
    """Share a post or a link with everybody in a Space; at most ten, the newest first."""
    with client(ctx) as spaces:
        if remove:
            shown = which.whole(spaces, space)
            found = spaces.spaces.unpin(shown.id, _pin_id(shown, what))
        else:
            new = _pin(what, title)
            found = spaces.spaces.pin(which.one(spaces, space), new)
    if as_json:
        emit_json(found.pinned)
    else:
        show_pins(found.pinned)


def _pin(what: str, title: str | None) -> NewPin:
    from spacesctl.api.spaces import NewPin

    if is_post_id(what):
        if title is not None:
            raise Invalid("--title", "can only be given with a link")
        return NewPin(post=what)
    if "://" not in what:
        raise Invalid("POST|URL", f"{what!r} is neither a post's id nor a link", hint="such as https://example.org/")
    return NewPin(url=what, title=title)


def _pin_id(space: Space, what: str) -> str:
    """The id of what is shared, found by a post's id, a link or its own id. Raises NotFound."""
    for pin in space.pinned:
        if what in (pin.id, pin.url, pin.post.id if pin.post else None):
            return pin.id
    raise NotFound("pin", what)


def play(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="POST|CLIP", help="The id of a post, or of a voice clip.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it to a file (Ogg Opus) instead of playing it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Play the voice clip of a post or a message, with ffplay, mpv or pw-play."""
    from spacesctl.cli.players import play_sound, player

    with client(ctx, anonymous=True) as spaces:
        clip = _clip_id(spaces, what)
        name = None if out is not None else player()
        sound = spaces.posts.clip(clip)
    if out is not None:
        out.write_bytes(sound)
    elif name is not None:
        play_sound(name, sound)
    if as_json:
        from spacesctl.cli.answers import PlayedClip

        emit_json(PlayedClip(clip=clip, bytes=len(sound), file=str(out) if out else None, player=name))
    elif out is not None:
        say(f"{out}: {len(sound)} bytes")


def _clip_id(spaces: Client, what: str) -> str:
    if is_space_id(what):  # clips have ids of the same shape
        return what
    if not is_post_id(what):
        raise Invalid("POST|CLIP", f"{what!r} is neither a post's id nor a voice clip's")
    clip = spaces.posts.get(what).clip
    if clip is None:
        raise NotFound("voice clip in post", what)
    return clip.id
