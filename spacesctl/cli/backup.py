"""`backup` and `restore`: commands for operators, which work on the data folder itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacesctl.cli.asking import confirm
from spacesctl.cli.common import Json, Yes
from spacesctl.cli.output import emit_json, note, say

Data = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="The data folder. Default: that of the settings, else ./data.")
]
Archive = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


WithoutRecordings = Annotated[
    bool, typer.Option("--without-recordings", help="Leave recordings out; they may be large.")
]


def backup(
    archive: Archive, data: Data = None, without_recordings: WithoutRecordings = False, as_json: Json = False
) -> None:
    """Copy a data folder into one file. The server may be running."""
    from spacesctl.store.sqlite import backup as backups

    made = backups.backup(_folder(data), archive, recordings=not without_recordings)
    size = archive.stat().st_size
    if as_json:
        from spacesctl.cli import answers

        emit_json(answers.Archive(file=str(archive), bytes=size, files=len(made.files), missing=made.missing))
        return
    without = ", without recordings" if without_recordings else ""
    say(f"{archive}: {size / 1e6:.1f} MB, {len(made.files)} files{without}")
    _warn(made.missing)


def restore(archive: Archive, data: Data = None, yes: Yes = False, as_json: Json = False) -> None:
    """Restore a backup into a new data folder."""
    data = _folder(data)
    confirm(None, f"Restore {archive} into {data}?", yes=yes, always=True)
    from spacesctl.store.sqlite.restore import restore as unpack

    found = unpack(archive, data)
    if as_json:
        from spacesctl.cli.answers import RestoredFolder

        told = RestoredFolder(data=str(data), files=found.files, missing=found.missing, left_out=found.left_out)
        emit_json(told)
        return
    say(f"restored into {data}: {found.files} files, each as it was saved")
    if found.left_out:
        say(f"without {found.left_out} files of recordings, which the backup leaves out")
    _warn(found.missing)


def _folder(data: Path | None) -> Path:
    """The data folder that `serve` would use. Raises Invalid for settings that are wrong."""
    from spacesctl.server.process.settings import load

    return data if data is not None else load(None).data


def _warn(missing: list[str]) -> None:
    """Say which files were not there when the backup was made."""
    for name in missing:
        note(f"{name} is named in the database and was not in the data folder")
