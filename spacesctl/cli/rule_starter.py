"""`rules starter`: rules to begin with, and their test cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacesctl.cli.common import Json
from spacesctl.cli.output import emit_json, say
from spacesctl.domain.errors import Invalid
from spacesctl.support.terminal import write_line


def starter(
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write them to this file, and their test cases beside it. Default: print the rules."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print a set of rules to begin with, all in shadow: scams, personal numbers, threats, spam. --out also writes its test cases.

    docs/what-word-lists-find.md tells what such rules find, and what they do not.
    """
    from spacesctl.cli.answers import StarterFiles
    from spacesctl.rules import starter as files

    if out is None:
        if as_json:
            emit_json(StarterFiles(files=[]))
        else:
            write_line(files.RULES.read_text("utf-8").rstrip("\n"))  # a file
        return
    written = {
        out: files.RULES,
        out.with_suffix(".cases.jsonl"): files.CASES,
        out.with_suffix(".labels.jsonl"): files.LABELS,
    }
    for target in written:
        if target.exists():
            raise Invalid("--out", f"{target} is there already")
    for target, source in written.items():
        target.write_bytes(source.read_bytes())
    if as_json:
        emit_json(StarterFiles(files=[str(target) for target in written]))
        return
    for target in written:
        say(str(target))
    cases, labels = list(written)[1:]
    say(f"try them: spacesctl rules test {out} --transcript {cases} --labels {labels}")
