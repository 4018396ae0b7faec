"""The text of one rule within its file, for people: whom it found is to read it. Pure.

The file is TOML that compiled. Only lines are looked at, so that the work is that of reading it once.
"""

from __future__ import annotations

import re
from typing import Final

MOST: Final = 4000
"""Characters of a rule's text; the rest is cut."""
_HEADER = re.compile(r"\s*\[\[?\s*([^\]#]+?)\s*\]\]?\s*(#.*)?")
_ID = re.compile(r"""\s*["']?id["']?\s*=\s*(?:"([^"\\]*)"|'([^']*)')\s*(#.*)?""")
_PARTS = re.compile(r"""[^"'#]+|"(?:\\.|[^"\\])*"|'[^']*'|.""")


def text_of(file: str, rule_id: str) -> str | None:
    """The `[[rule]]` table with this id, with the tables below it and without comments; None when there is none."""
    for block in _blocks(file.splitlines()):
        if any((found := _ID.fullmatch(line)) and rule_id in found.groups()[:2] for line in block):
            kept = [shown for line in block if (shown := _without_comment(line))]
            return "\n".join(kept)[:MOST]
    return None


def _blocks(lines: list[str]) -> list[list[str]]:
    """The lines of each rule."""
    blocks: list[list[str]] = []
    inside = False
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is not None and line.lstrip().startswith("["):
            name = header[1].replace('"', "").replace(" ", "")
            begins = name == "rule"
            inside = begins or (inside and name.startswith("rule."))
            if begins:
                blocks.append([])
        if inside:
            blocks[-1].append(line)
    return blocks


def _without_comment(line: str) -> str:
    """The line up to a `#` that is in no string: comments are the host's own."""
    kept = ""
    for part in _PARTS.findall(line):
        if part == "#":
            break
        kept += part
    return kept.rstrip()
