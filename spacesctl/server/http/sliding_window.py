"""Where the moving windows of `limits` are kept: in memory, with a bound on how much of it."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from limits.storage import MovingWindowSupport, Storage

MOST_KEYS = 20_000
MOST_ENTRIES = 400_000
"""Times of past requests that are remembered over all keys: some 20 MiB."""


class SlidingWindows(Storage, MovingWindowSupport):
    """The store that the library ships keeps a key for ever and starts threads; this one forgets what is over, and beyond its
    bounds whoever was quiet for longest. `clock` gives seconds."""

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
        """The key's window in seconds and its times, oldest first; the key used last stands last."""

    def __len__(self) -> int:
        return len(self._windows)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        times = self._recent(key, expiry)
        if len(times) + amount > limit:
            return False
        times.extend([self.clock()] * amount)
        self.entries += amount
        self._windows[key] = (expiry, times)
        self._windows.move_to_end(key)
        self._make_room()
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest that still counts came, and how many count."""
        times = self._recent(key, expiry)
        return (times[0] if times else self.clock()), len(times)

    def sweep(self) -> None:
        """Forget every window that is over."""
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
        return MemoryError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError("moving windows only")

    def get(self, key: str) -> int:
        return len(self._windows[key][1]) if key in self._windows else 0

    def get_expiry(self, key: str) -> float:
        expiry, times = self._windows[key]
        return times[0] + expiry

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        forgotten, self.entries = len(self._windows), 0
        self._windows.clear()
        return forgotten

    def clear(self, key: str) -> None:
        _, times = self._windows.pop(key, (0.0, deque[float]()))
        self.entries -= len(times)
