"""Who was in a Space, with sound, with its events or with a command: they may report what happened there. Kept in memory until it is
stored with that of all Spaces, some seconds later.
"""

from __future__ import annotations


class Attendance:
    """The accounts that were in one Space since its actor was made, and how many people at once at most."""

    def __init__(self) -> None:
        self.peak = 0
        self._peak_stored = 0
        self._known: set[str] = set()
        self._new: set[str] = set()

    def __contains__(self, account_id: str | None) -> bool:
        return account_id in self._known

    @property
    def unstored(self) -> frozenset[str]:
        """Those that are not stored yet."""
        return frozenset(self._new)

    @property
    def unstored_peak(self) -> int | None:
        """The most at once, if that is not stored yet."""
        return self.peak if self.peak > self._peak_stored else None

    def counted(self, people: int) -> None:
        """So many are there now."""
        self.peak = max(self.peak, people)

    def came(self, account_id: str | None) -> None:
        """Somebody is there; None stands for nobody signed in."""
        if account_id is not None and account_id not in self._known:
            self._known.add(account_id)
            self._new.add(account_id)

    def stored(self, accounts: frozenset[str], peak: int | None) -> None:
        """These are stored, and this number."""
        self._new -= accounts
        self._peak_stored = max(self._peak_stored, peak or 0)
