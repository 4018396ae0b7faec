"""Reads the ladders of a rule file."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from spacesctl.domain.actions import BY_STEPS, LADDER
from spacesctl.domain.ladder import Ladder, Step
from spacesctl.rules import schema
from spacesctl.rules.fields import ID, Reader
from spacesctl.rules.lines import Path
from spacesctl.rules.ruleset import NEEDS_ALLOW, Limits

MOST_LADDERS, MOST_STEPS = 20, 10


def ladders(reader: Reader, data: object) -> dict[str, Ladder]:
    """The ladders by name; what is wrong in them is noted and left out."""
    path: Path = ("ladder",)
    if not reader.is_table(data, path):
        return {}
    if len(data) > MOST_LADDERS:
        reader.error(path, f"{len(data)} ladders", f"write at most {MOST_LADDERS}")
    found = dict[str, Ladder]()
    for name, table in data.items():
        where: Path = (*path, name)
        if not ID.fullmatch(name):
            reader.error(where, f"a ladder's name is {name!r}", "write letters a-z, digits, `-` and `_`, at most 64")
        elif reader.is_table(table, where):
            found[name] = _ladder(reader, where, name, table)
    return found


def _ladder(reader: Reader, path: Path, name: str, data: Mapping[str, object]) -> Ladder:
    reader.keys(path, data, set(schema.A_LADDER))
    expire = reader.duration((*path, "expire"), data.get("expire", "30d"), most=365 * 86400.0)
    if expire < 1:
        reader.error((*path, "expire"), "points expire at once", 'write a longer time, as "30d"')
    items = reader.tables((*path, "steps"), data.get("steps", []))
    steps = [_step(reader, (*path, "steps", index), item) for index, item in enumerate(items)]
    if not 1 <= len(items) <= MOST_STEPS:
        reader.error((*path, "steps"), f"the ladder {name!r} has {len(items)} steps", f"write 1 to {MOST_STEPS}")
    if any(one.points >= next_one.points for one, next_one in pairwise(steps)):
        reader.error(
            (*path, "steps"), f"the steps of {name!r} do not rise", "write them by their points, the fewest first"
        )
    return Ladder(name, tuple(steps), max(1, round(expire)))


def _step(reader: Reader, path: Path, data: Mapping[str, object]) -> Step:
    reader.keys(path, data, set(schema.STEP))
    for key in ("points", "do"):
        if key not in data:
            reader.error(path, f"the step has no `{key}`", 'write `{ points = 1, do = "warn" }`')
    points = reader.integer((*path, "points"), data.get("points", 1), 1, schema.MOST_POINTS)
    do = reader.choice((*path, "do"), data.get("do", BY_STEPS[0]), BY_STEPS)
    seconds = round(reader.duration((*path, "for"), data["for"])) if "for" in data else None
    if seconds is not None and do == "block":
        reader.error((*path, "for"), "a block has no end", "remove `for`: who blocks may `unblock`")
    if seconds == 0:
        reader.error((*path, "for"), "the step is over at once", 'write a longer time, as "60s"')
    return Step(points, do, seconds or None)


def allowed(reader: Reader, found: Mapping[str, Ladder], limits: Limits) -> None:
    """Note an error for each ladder that leads to more than the host allows it to."""
    for name, ladder in found.items():
        may = limits.allow.get(LADDER + name, frozenset())
        for do in sorted({step.do for step in ladder.steps} & NEEDS_ALLOW - may):
            todo = f'add `allow = {{ "{LADDER}{name}" = ["{do}"] }}` under [limits], or stop at `mute`'
            reader.error(("ladder", name), f"the ladder {name!r} may not {do} by itself", todo)
