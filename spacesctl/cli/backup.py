"""`backup` and `restore`: commands for operators, which work on the data folder itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacesctl.cli.common import Json
from spacesctl.cli.output import emit_json, say

Data = Annotated[Path, typer.Option(metavar="DIR", help="The data folder.")]
Archive = Annotated[Path, typer.Argument(metavar="FILE")]


def backup(archive: Archive, data: Data = Path("data"), as_json: Json = False) -> None:
    """Copy a data folder into one file. The server may be running."""
    from spacesctl.store.sqlite import backup as backups

    size = backups.backup(data, archive)
    if as_json:
        from spacesctl.cli import answers

        emit_json(answers.Archive(file=str(archive), bytes=size))
    else:
        say(f"{archive}: {size / 1e6:.1f} MB")


def restore(archive: Archive, data: Data = Path("data"), as_json: Json = False) -> None:
    """Restore a backup into a new data folder."""
    from spacesctl.store.sqlite import backup as backups

    backups.restore(archive, data)
    if as_json:
        from spacesctl.cli.answers import RestoredFolder

        emit_json(RestoredFolder(data=str(data)))
    else:
        say(f"restored into {data}")
