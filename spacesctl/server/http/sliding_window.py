"""An in-memory store for the moving windows of the `limits` library, with bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from limits.storage import MovingWindowSupport, Storage

MOST_KEYS = 20_000
MOST_ENTRIES = 400_000
"""Request times that are kept over all keys: some 20 MiB."""


class SlidingWindows(Storage, MovingWindowSupport):
    """The store. The library's own keeps keys for ever and starts threads; this one drops windows that are over and,
    beyond its bounds, the keys that were unused for longest. `clock` returns seconds.
    """

    STORAGE_SCHEME = None

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        most_keys: int = MOST_KEYS,
        most_entries: int = MOST_ENTRIES,
    ) -> None:
        super().__init__()
        self.clock = clock
        self.entries = 0
        self._most_keys, self._most_entries = most_keys, most_entries
        self._windows: OrderedDict[str, tuple[float, deque[float]]] = OrderedDict()
        """Per key its window in seconds and its times, oldest first; the key that was used last is at the end."""

    def __len__(self) -> int:
        return len(self._windows)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` requests now, if they fit `limit` within `expiry` seconds; whether they did."""
        if len(self._recent(key, expiry)) + amount > limit:
            return False
        self.add(key, expiry, amount, self.clock())
        return True

    def add(self, key: str, expiry: float, amount: int, at: float) -> None:
        """Count `amount` requests at an instant that is now."""
        times = self._recent(key, expiry)
        times.extend([at] * amount)
        self.entries += amount
        self._windows[key] = (expiry, times)
        self._windows.move_to_end(key)
        self._make_room()

    def give_back(self, key: str, amount: int, at: float) -> None:
        """Uncount `amount` requests that were counted at this instant, unless their window is over."""
        _, times = self._windows.get(key, (0.0, deque[float]()))
        for _ in range(min(amount, times.count(at))):
            times.remove(at)
            self.entries -= 1

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """The time of the oldest request that still counts, and how many count."""
        times = self._recent(key, expiry)
        return (times[0] if times else self.clock()), len(times)

    def sweep(self) -> None:
        """Drop all windows that are over."""
        for key, (expiry, _) in list(self._windows.items()):
            if not self._recent(key, expiry):
                del self._windows[key]

    def _recent(self, key: str, expiry: float) -> deque[float]:
        _, times = self._windows.get(key, (expiry, deque[float]()))
        since = self.clock() - expiry
        while times and times[0] <= since:
            times.popleft()
            self.entries -= 1
        return times

    def _make_room(self) -> None:
        if len(self._windows) <= self._most_keys and self.entries <= self._most_entries:
            return
        self.sweep()
        while len(self._windows) > self._most_keys or self.entries > self._most_entries:
            _, (_, times) = self._windows.popitem(last=False)
            self.entries -= len(times)

    @property
    def base_exceptions(self) -> type[Exception]:
        """The error of the store, as the library asks for it."""
        return MemoryError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Fixed windows are not supported. Raises NotImplementedError."""
        raise NotImplementedError("only moving windows are supported")

    def get(self, key: str) -> int:
        """The number of requests kept for a key."""
        return len(self._windows[key][1]) if key in self._windows else 0

    def get_expiry(self, key: str) -> float:
        """When the oldest request of a key stops counting."""
        expiry, times = self._windows[key]
        return times[0] + expiry

    def check(self) -> bool:
        """The store always works."""
        return True

    def reset(self) -> int:
        """Drop all windows; returns how many."""
        forgotten, self.entries = len(self._windows), 0
        self._windows.clear()
        return forgotten

    def clear(self, key: str) -> None:
        """Drop the window of a key."""
        _, times = self._windows.pop(key, (0.0, deque[float]()))
        self.entries -= len(times)
