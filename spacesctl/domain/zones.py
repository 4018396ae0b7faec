"""The names of time zones: those of the IANA database, spelt as there, and the same ones on every machine.

A machine's own folder of zones has more: `right/` counts leap seconds, `posix/`, `posixrules` and `localtime` are links that differ from
machine to machine, and `Factory` stands for a zone that nobody has set.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from spacesctl.domain.errors import Invalid

EXAMPLE = "for example Europe/Rome"
_NO_PLACE = frozenset({"Factory"})


@cache
def names() -> dict[str, str]:
    """The names, by themselves in small letters. Reads a file on first use."""
    listed = (resources.files("tzdata") / "zones").read_text("utf-8").split()
    return {name.lower(): name for name in listed if name not in _NO_PLACE}


def require_zone(name: str, field: str = "tz") -> None:
    """Check that a name is of the list. Raises Invalid. Reads a file on first use."""
    near = names().get(name.lower())
    if near != name:
        hint = EXAMPLE if near is None else f"did you mean {near}?"
        raise Invalid(field, f"{name[:64]!r} is not a time zone", hint=hint)
