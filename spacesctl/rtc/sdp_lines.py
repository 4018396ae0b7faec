"""Reads the lines of a session description that an offer is understood by (RFC 8866). All others are passed over, whatever they say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MOST: Final = 64 * 1024
"""Characters of an offer at most. Chromium offers about 6 KiB for audio and video."""
MOST_SECTIONS: Final = 16
"""Media sections of an offer at most."""
DIRECTIONS: Final = ("sendrecv", "sendonly", "recvonly", "inactive")
_KEPT: Final = frozenset(
    (
        "group", "mid", "ice-ufrag", "ice-pwd", "fingerprint", "setup", "rtcp-mux", "rtpmap", "fmtp", "rtcp-fb", "extmap", "bundle-only",
        *DIRECTIONS,
    )
)  # fmt: skip
_MEDIA: Final = re.compile(r"m=(\S+) ([0-9]{1,5})(?:/[0-9]+)? (\S+) (\S.*)\Z")
_TOKEN: Final = re.compile(r"[\w!#$%&'*+.^`{|}~-]{1,64}\Z", re.ASCII)
_END: Final = re.compile(r"\r\n|\n|\r")


class MalformedError(ValueError):
    """This is not a session description, or one that is too large."""


@dataclass(slots=True)
class Media:
    """A media section. `attributes` are the values by name, in order; one of a session counts where the section has none."""

    kind: str
    port: int
    profile: str
    formats: tuple[str, ...]
    session: Mapping[str, list[str]]
    attributes: dict[str, list[str]] = field(default_factory=dict)
    mid: str = ""

    def all(self, name: str) -> list[str]:
        """All values of an attribute."""
        return self.attributes.get(name) or self.session.get(name, [])

    def first(self, name: str) -> str | None:
        """The first value of an attribute; "" for one without a value, None if it is missing."""
        return next(iter(self.all(name)), None)

    @property
    def is_offered(self) -> bool:
        """Whether it may be accepted. A port of 0 rejects it, unless it is to share another section's (RFC 9143, 6)."""
        return self.port != 0 or "bundle-only" in self.attributes

    @property
    def direction(self) -> str:
        """Its direction. Without one it is `sendrecv` (RFC 8866, 6.7)."""
        own = [name for name in DIRECTIONS if name in self.attributes]
        return (own or [name for name in DIRECTIONS if name in self.session] or ["sendrecv"])[0]

    def codec(self, payload: str) -> str | None:
        """What a payload type stands for, such as `opus/48000/2`."""
        return next((said for number, said in map(_pair, self.all("rtpmap")) if number == payload), None)


@dataclass(slots=True)
class Description:
    """A session description: its BUNDLE groups, each the mids of its sections, and its sections."""

    groups: list[list[str]]
    media: list[Media]


def read(text: str) -> Description:
    """Read a session description. Raises MalformedError."""
    if len(text) > MOST or not text.startswith("v=0") or text.count("\nm=") > MOST_SECTIONS:
        raise MalformedError
    session = dict[str, list[str]]()
    media = list[Media]()
    attributes = session
    for line in _END.split(text):
        if line.startswith("m="):
            media.append(_media(line, session))
            attributes = media[-1].attributes
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            if name in _KEPT:
                attributes.setdefault(name, []).append(value.strip())
    for number, one in enumerate(media):
        one.mid = next(iter(one.attributes.get("mid", [])), str(number))
    if not all(map(_is_clean, media)) or len({one.mid for one in media}) < len(media):
        raise MalformedError
    groups = [words[1:] for words in map(str.split, session.get("group", [])) if words[:1] == ["BUNDLE"]]
    return Description(groups, media)


def _media(line: str, session: Mapping[str, list[str]]) -> Media:
    found = _MEDIA.match(line)
    if found is None:
        raise MalformedError
    kind, port, profile, formats = found.groups()
    return Media(kind, int(port), profile, tuple(formats.split()), session)


def _is_clean(media: Media) -> bool:
    """Whether what an answer repeats of it are tokens."""
    return all(map(_TOKEN.match, (media.kind, media.mid, *media.formats, *media.profile.split("/"))))


def _pair(text: str) -> tuple[str, str]:
    number, _, said = text.partition(" ")
    return number, said.strip()
