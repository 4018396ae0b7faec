"""Paths of a Space's sound, for programs that send and receive it without this client: WHIP, WHEP (RFC 9725) and Ogg over HTTP."""

from __future__ import annotations

from spacesctl.client.groups.spaces import place


def whip(space_id: str) -> str:
    """Where a speaker posts an offer."""
    return place(space_id, "whip")


def whep(space_id: str) -> str:
    """Where a listener posts an offer."""
    return place(space_id, "whep")


def listen_ogg(space_id: str) -> str:
    """The mix as a stream of Ogg Opus."""
    return place(space_id, "listen.ogg")
