"""Passwords are hashed with Argon2id, in threads of their own: few at once, since each takes 46 MiB and a processor for a moment."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

from spacesctl.domain.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from argon2 import PasswordHasher

T = TypeVar("T")
AT_ONCE: Final = 2
WAITING: Final = 64
"""Passwords that may wait for their turn; who comes then is told to try again."""
MEMORY_KIB: Final = 47_104
"""With one pass and one lane: the first of the settings that OWASP's Password Storage Cheat Sheet recommends for Argon2id."""
SHORTEST: Final = 10
"""Characters of a password at least."""


def require_good(handle: str, password: str) -> None:
    """Check a password that is to be set. Raises Invalid. (Rules on kinds of characters make passwords worse: NIST SP 800-63B.)"""
    if len(password) < SHORTEST:
        raise Invalid("password", f"has fewer than {SHORTEST} characters")
    if password.lower().strip("@") == handle or len(set(password)) < 4:
        raise Invalid("password", "is too easy to guess")


class Passwords:
    """One for a server."""

    def __init__(self) -> None:
        self._waiting = 0

    async def hashed(self, password: str) -> str:
        """What is stored of a password. Raises Unavailable."""
        return await self._in_turn(lambda: self._tools[0].hash(password))

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether a password is the stored one. Without one (`kept` None) it is not, and that takes as long. Raises Unavailable."""
        return await self._in_turn(lambda: self._compare(password, kept))

    async def better(self, password: str, kept: str) -> str | None:
        """The same password's hash by today's settings; None when it has them. Raises Unavailable."""
        return await self._in_turn(
            lambda: self._tools[0].hash(password) if self._tools[0].check_needs_rehash(kept) else None
        )

    @cached_property
    def _tools(self) -> tuple[PasswordHasher, str]:
        """The hasher, and a hash that nobody's password has. Only asked for in a thread."""
        from argon2 import PasswordHasher

        hasher = PasswordHasher(time_cost=1, memory_cost=MEMORY_KIB, parallelism=1)
        return hasher, hasher.hash(secrets.token_urlsafe())

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")

    def _compare(self, password: str, kept: str | None) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        hasher, nobodys = self._tools
        try:
            return hasher.verify(kept or nobodys, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    async def _in_turn(self, job: Callable[[], T]) -> T:
        if self._waiting >= WAITING:
            raise Unavailable("too many people sign in at the moment; try again")
        self._waiting += 1
        try:
            # A pool of its own: it bounds the work also when who asked has gone meanwhile.
            return await asyncio.get_running_loop().run_in_executor(self._threads, job)
        finally:
            self._waiting -= 1
