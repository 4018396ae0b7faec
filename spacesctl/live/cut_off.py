"""Where anonymous listeners were put out: nobody without an account comes in from there for a moment, so that a page that joins again by
itself does not. In memory only, owned by the Space's actor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from spacesctl.domain.errors import NotAllowed

SECONDS: Final = 30.0
"""Long enough for a page to give up, short enough for the others behind one address."""


class CutOff:
    """`now` is in monotonic seconds. Places are the keys of connection limits."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until: dict[str, float] = {}

    def note(self, place: str) -> None:
        """Somebody from this place was put out."""
        now = self._now()
        self._until = {one: until for one, until in self._until.items() if until > now}
        self._until[place] = now + SECONDS

    def require_elsewhere(self, place: str) -> None:
        """Check that nobody was put out from here lately. Raises NotAllowed with reason `removed`."""
        if self._until.get(place, 0.0) > self._now():
            raise NotAllowed("a listener from here was removed; sign in, or come back later", reason="removed")
