"""SDP fragments (RFC 8840, `application/trickle-ice-sdpfrag`), the bodies of PATCH requests in WHIP and WHEP."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from spacesctl.rtc.sdp import PASSWORD, UFRAG
from spacesctl.rtc.sdp_answer import candidate_lines

MAX_FRAGMENT: Final = 16 * 1024
"""Bytes of a fragment at most. A client may send all its candidates at once, at some hundred bytes each."""
_LINE: Final = re.compile(r"[a-z]=\S[^\x00\r\n]*\Z")


class FragmentError(ValueError):
    """The fragment cannot be used; the message says why, for the user."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """The ICE user name and password of a fragment, or None. If they differ from those before, the client requests an ICE restart.
    Candidates are not kept."""

    ufrag: str | None
    pwd: str | None


def parse_fragment(text: str) -> Fragment:
    """Parse a client's fragment. Raises FragmentError."""
    if len(text) > MAX_FRAGMENT:
        raise FragmentError(f"a fragment has at most {MAX_FRAGMENT} bytes")
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line and not _LINE.match(line):
            raise FragmentError("this is not a fragment of a session description")
        name, _, value = line.removeprefix("a=").partition(":")
        if name in ("ice-ufrag", "ice-pwd") and found.setdefault(name, value) != value:
            raise FragmentError("it has several ICE user names; sections share one here")
    ufrag, pwd = found.get("ice-ufrag"), found.get("ice-pwd")
    if (ufrag is None) != (pwd is None) or (ufrag and not UFRAG.match(ufrag)) or (pwd and not PASSWORD.match(pwd)):
        raise FragmentError("its ICE user name or password is missing or not valid")
    return Fragment(ufrag, pwd)


def restart_fragment(
    mid: str, ufrag: str, pwd: str, candidates: Sequence[tuple[str, int]], tcp: Sequence[tuple[str, int]] = ()
) -> str:
    """The fragment that answers an ICE restart: our new `ufrag` and `pwd`, and our candidates over UDP and `tcp` as (host, port)."""
    lines = ["a=ice-lite", f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{pwd}", "m=audio 9 UDP/TLS/RTP/SAVPF 0", f"a=mid:{mid}"]
    return "\r\n".join([*lines, *candidate_lines(candidates, tcp), "a=end-of-candidates"]) + "\r\n"
