"""Who was in a Space, with sound, with its events or with a command: they may report what happened there. Kept in memory until it is
stored with that of all Spaces, some seconds later.
"""

from __future__ import annotations


class Attendance:
    """The accounts that were in one Space since its actor was made."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._new: set[str] = set()

    def __contains__(self, account_id: str | None) -> bool:
        return account_id in self._known

    @property
    def unstored(self) -> frozenset[str]:
        """Those that are not stored yet."""
        return frozenset(self._new)

    def came(self, account_id: str | None) -> None:
        """Somebody is there; None stands for nobody signed in."""
        if account_id is not None and account_id not in self._known:
            self._known.add(account_id)
            self._new.add(account_id)

    def stored(self, accounts: frozenset[str]) -> None:
        """These are stored."""
        self._new -= accounts
