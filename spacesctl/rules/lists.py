"""Lists of phrases beside a rule file (`words_from`): one phrase a line; what follows a `#` is a comment.

A client that sends a rule file puts its lists into it, under `[lists]`, line by line. So rules and lists are one text, with one hash.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Final

from spacesctl.rules import guards
from spacesctl.rules.fields import Reader
from spacesctl.rules.lines import Path
from spacesctl.rules.ruleset import Phrase

MAX_LISTS: Final = 50
NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
"""A plain name of a file: a list stands beside the rule file."""
_DELETE: Final = "\x7f"


def bundled(text: str, read: Callable[[str], str | None]) -> str:
    """A rule file with all lists that it names, which `read` returns by name (None: there is no such file). The text as it is if it has
    lists already, names none, or cannot be read: what is wrong is told when it is compiled."""
    names = named(text)
    found = {name: content for name in names if (content := read(name)) is not None}
    if not found:
        return text
    made = [text.rstrip("\n"), "", "[lists]"]
    for name, content in found.items():
        made += [f'"{name}" = [', *(f"  {_quoted(line)}," for line in content.splitlines()), "]"]
    return "\n".join(made) + "\n"


def _quoted(line: str) -> str:
    return json.dumps(line.partition("#")[0].strip().replace(_DELETE, " "), ensure_ascii=False)


def named(text: str) -> list[str]:
    """The lists that a rule file names, in its order; none if it cannot be read or has lists in it."""
    if guards.refusal(text, "") is not None:
        return []
    try:
        data = tomllib.loads(text)
    except ValueError:
        return []
    names = [name for name in _values(data) if NAME.fullmatch(name)]
    return [] if "lists" in data else list(dict.fromkeys(names))[: MAX_LISTS + 1]


def _values(data: object) -> Iterator[str]:
    """The values of all keys `words_from`."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "words_from" and isinstance(value, str):
                yield value
            yield from _values(value)
    elif isinstance(data, list):
        for item in data:
            yield from _values(item)


def take(reader: Reader, value: object) -> None:
    """Read `[lists]`, for `phrases`."""
    if not reader.is_table(value, ("lists",)):
        return
    if len(value) > MAX_LISTS:
        reader.error(("lists",), f"the rule file has {len(value)} lists, the most is {MAX_LISTS}", "join some")
        return
    for name, lines in value.items():
        reader.lists[name] = [line for _, line in reader.strings(("lists", name), lines)]


def phrases(reader: Reader, path: Path, value: object) -> list[Phrase]:
    """The phrases of the list that is named; errors in it are told with its own name and line."""
    if not reader.is_string(value, path):
        return []
    if not NAME.fullmatch(value):
        todo = "write the plain name of a file in the folder of the rule file"
        reader.error(path, f"`words_from` is {value!r}", todo)
        return []
    lines = reader.lists.get(value)
    if lines is None:
        reader.error(
            path, f"the list {value!r} is not there", "put the file beside the rule file, or its lines under `[lists]`"
        )
        return []
    found = [phrase for n, line in enumerate(lines, 1) if (phrase := reader.phrase(line, n, value)) is not None]
    if not any(lines):
        reader.warn(path, f"the list {value!r} is empty and matches nothing", "add words or remove it")
    return found
