"""Files of the data folder are this user's alone: 0600, and 0700 for folders, whatever the umask of who starts us."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

OTHERS: Final = 0o077
"""The bits of a mode that let others in."""


def keep_private() -> None:
    """Let no file that this process and its children create be open to others. The umask is the process's: call it at the start."""
    os.umask(OTHERS)


def opener(path: str, flags: int) -> int:
    """For `open(path, mode, opener=opener)`: a file that is created has mode 0600, in whichever process."""
    return os.open(path, flags, 0o600)


def create(path: Path) -> None:
    """Create an empty file if there is none. What SQLite puts beside a database has the database's mode."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def shut(folder: Path) -> int:
    """Take the rights of others from what an earlier version, or a careless copy, left open; how many files and folders that were.

    Links are not followed, and what belongs to somebody else stays as it is.
    """
    mended = 0
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            mended += _shut_one(os.path.join(place, name))
    return mended


def _shut_one(path: str) -> bool:
    try:
        found = os.lstat(path)
        mode = stat.S_IMODE(found.st_mode)
        if not mode & OTHERS or not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            return False
        os.chmod(path, mode & ~OTHERS)
    except OSError:  # gone meanwhile, or somebody else's
        return False
    return True
