"""Programs that wait for a person to let them in, in a browser (the device flow of RFC 8628). In memory alone: they wait for minutes, and
after a restart one begins anew.

A program knows its device code, the person reads a short user code and compares it with what the program shows. The secret is kept as a
hash; either is good for one use.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from spacesctl.domain.errors import NotAllowed, NotFound, NotSignedIn, Refused, Unavailable
from spacesctl.domain.ids import new_device_code, token_hash
from spacesctl.domain.principals import Person

LASTS: Final = timedelta(minutes=10)
INTERVAL: Final = 3
"""Seconds between two questions of a program."""
MOST: Final = 1_000
MOST_OF_ADDRESS: Final = 20
_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""Without vowels, as in RFC 8628: no code is a word."""


@dataclass
class Waiting:
    """A program that waits. `by` is who let it in; `denied`: nobody will."""

    user_code: str
    label: str
    host: str
    expires_at: datetime
    by: Person | None = None
    denied: bool = False


class DeviceCodes:
    """One for a server."""

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}

    def ask(self, label: str, host: str, now: datetime) -> tuple[str, Waiting]:
        """A program begins to wait; its device code, and what it waits for. Beyond `MOST_OF_ADDRESS` of one address the oldest waits no
        longer. Raises Unavailable."""
        self._forget_old(now)
        ours = [digest for digest, one in self._waiting.items() if one.host == host]
        for digest in ours[
            : max(0, len(ours) - MOST_OF_ADDRESS + 1)
        ]:  # those that were given up would shut out the next one
            del self._waiting[digest]
        if len(self._waiting) >= MOST:
            raise Unavailable("too many programs wait to be let in; try again in some minutes")
        code = new_device_code()
        letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
        made = Waiting(f"{letters[:4]}-{letters[4:]}", label, host, now + LASTS)
        self._waiting[token_hash(code)] = made
        return code, made

    def find(self, user_code: str, now: datetime) -> Waiting:
        """Who waits with this code, and for an answer. Raises NotFound."""
        self._forget_old(now)
        wanted = "".join(char for char in user_code.upper() if char in _LETTERS)
        for one in self._waiting.values():
            if one.user_code.replace("-", "") == wanted and one.by is None and not one.denied:
                return one
        raise NotFound("program waiting with the code", user_code)

    def take(self, device_code: str, now: datetime) -> Waiting:
        """The program that has been let in; its code is used up. Raises Refused with reason `pending`, NotAllowed with reason `denied`, or
        NotSignedIn for a code that is unknown, used or over."""
        self._forget_old(now)
        digest = token_hash(device_code)
        found = self._waiting.get(digest)
        if found is None:
            raise NotSignedIn("this code is unknown, was used or is over", hint="begin again: spacesctl login")
        if found.by is None and not found.denied:
            raise Refused("pending", "nobody has let this program in yet")
        del self._waiting[digest]
        if found.denied:
            raise NotAllowed("this program was not let in", reason="denied")
        return found

    def _forget_old(self, now: datetime) -> None:
        for digest in [digest for digest, one in self._waiting.items() if one.expires_at <= now]:
            del self._waiting[digest]
