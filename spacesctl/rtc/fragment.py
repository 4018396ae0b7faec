"""Fragments of session descriptions (RFC 8840, `application/trickle-ice-sdpfrag`): what PATCH carries in WHIP and WHEP."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from spacesctl.rtc.sdp import PASSWORD, UFRAG, candidate_lines

MAX_FRAGMENT: Final = 16 * 1024
"""Bytes. A client that sends all its candidates at once has some hundred each."""
_LINE: Final = re.compile(r"[a-z]=\S[^\x00\r\n]*\Z")


class FragmentError(ValueError):
    """Not a fragment that can be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """Its ICE user name and password, where it has them: other ones than before ask for an ICE restart. Candidates are not kept."""

    ufrag: str | None
    pwd: str | None


def parse_fragment(text: str) -> Fragment:
    """Raises FragmentError."""
    if len(text) > MAX_FRAGMENT:
        raise FragmentError(f"a fragment has at most {MAX_FRAGMENT} bytes")
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line and not _LINE.match(line):
            raise FragmentError("this is no fragment of a session description")
        name, _, value = line.removeprefix("a=").partition(":")
        if name in ("ice-ufrag", "ice-pwd") and found.setdefault(name, value) != value:
            raise FragmentError("it has several ICE user names; sections share one here")
    ufrag, pwd = found.get("ice-ufrag"), found.get("ice-pwd")
    if (ufrag is None) != (pwd is None) or (ufrag and not UFRAG.match(ufrag)) or (pwd and not PASSWORD.match(pwd)):
        raise FragmentError("its ICE user name and password are not good ones")
    return Fragment(ufrag, pwd)


def restart_fragment(
    mid: str, ufrag: str, pwd: str, candidates: Sequence[tuple[str, int]], tcp: Sequence[tuple[str, int]] = ()
) -> str:
    """Our side of an ICE restart."""
    lines = ["a=ice-lite", f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{pwd}", "m=audio 9 UDP/TLS/RTP/SAVPF 0", f"a=mid:{mid}"]
    return "\r\n".join([*lines, *candidate_lines(candidates, tcp), "a=end-of-candidates"]) + "\r\n"
