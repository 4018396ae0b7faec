"""How posts, voice clips and what is shared in a Space are printed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from spacesctl.cli.output import clock, console, say

if TYPE_CHECKING:
    from spacesctl.api.posts import Clip, Post
    from spacesctl.api.spaces import Pin


def show_pins(pins: Iterable[Pin]) -> None:
    """Print what is shared in a Space."""
    for pin in pins:
        if pin.post is not None:
            show_post(pin.post)
        else:
            say(f"{pin.title or ''}  {pin.url or ''}  (by {pin.by.handle})")


def show_post(found: Post) -> None:
    """Print a post."""
    out = console()
    out.print(f"{found.author.handle}  {clock(found.created_at)}  {found.id}", style="bold")
    for line in found.text.splitlines():
        say(f"  {line}")
    show_clip(found.clip, found.id)


def show_clip(clip: Clip | None, ref: str) -> None:
    """Print a line about a voice clip, if there is one. `ref` is the id for `play`."""
    if clip is not None:
        console().print(f"  (voice, {clip.duration_ms / 1000:.0f} s: spacesctl play {ref})", style="dim")
