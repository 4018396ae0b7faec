"""`rules push --watch`: when a rule file or one of its lists has changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from spacesctl.cli.output import note
from spacesctl.domain.errors import Gone, Invalid, NotFound, SpacesError

EVERY = 0.5
"""Seconds between two looks."""


def changes(path: Path, wait: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Yield each time that the file, or one in its folder, has another content or is there anew, once it is the same for two looks: editors
    write in several steps. It never ends."""
    known = seen = _stamps(path)
    while True:
        wait(EVERY)
        now = _stamps(path)
        if now == seen and now != known:
            known = now
            yield
        seen = now


def _stamps(path: Path) -> dict[str, tuple[int, int]]:
    """Name -> time of change and size of the file and of the lists that it names."""
    names = [path, *(path.parent / name for name in _lists(path))]
    found = dict[str, tuple[int, int]]()
    for one in names:
        try:
            stat = one.stat()
        except OSError:  # it is being written, or it is gone
            continue
        found[one.name] = stat.st_mtime_ns, stat.st_size
    return found


def _lists(path: Path) -> list[str]:
    from spacesctl.rules.lists import named

    try:
        return named(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return []


@contextmanager
def told() -> Iterator[None]:
    """Tell in one line that a file is refused or the server is not reached, and go on. What ends the Space ends this, too."""
    try:
        yield
    except (Gone, NotFound):
        raise
    except (SpacesError, OSError) as error:
        what = "refused, the old rules stay" if isinstance(error, Invalid) else "the old rules stay"
        note(f"{what}: {error}")
