"""What is wrong with the file or the disk, told apart from what is wrong with us: the former passes, and is `Unavailable`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from spacesctl.domain.errors import Unavailable

_REASONS = {
    sqlite3.SQLITE_BUSY: ("database_locked", "the database is locked by another program"),
    sqlite3.SQLITE_LOCKED: ("database_locked", "the database is locked"),
    sqlite3.SQLITE_READONLY: ("database_read_only", "the database cannot be written"),
    sqlite3.SQLITE_IOERR: ("disk_error", "the disk of the database does not work"),
    sqlite3.SQLITE_CORRUPT: ("database_damaged", "the database is damaged; restore a backup into a new folder"),
    sqlite3.SQLITE_FULL: ("disk_full", "the disk of the database is full"),
    sqlite3.SQLITE_CANTOPEN: ("database_unreachable", "the database cannot be opened"),
    sqlite3.SQLITE_NOTADB: (
        "database_damaged",
        "the file spaces.db is no database; restore a backup into a new folder",
    ),
}
"""By SQLite's primary result code."""


@contextmanager
def told() -> Iterator[None]:
    """Raises Unavailable, with a reason, for trouble of the storage inside. Other errors of the database are our own, and stay."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        found = reason_of(error)
        if found is None:
            raise
        reason, message = found
        raise Unavailable(message, reason=reason) from error


def reason_of(error: BaseException) -> tuple[str, str] | None:
    """The reason and a sentence, or None for another kind of error."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    return _REASONS.get(code & 0xFF) if isinstance(code, int) else None
