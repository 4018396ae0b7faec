"""A data folder as one file, taken while the server runs, and back.

The archive (tar, gzip) holds `spaces.db`, a consistent snapshot by SQLite's own backup, the evidence and the voice clips.
It holds no tokens but their hashes, and the key that webhooks are signed with; the owner's token file stays where it is.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from spacesctl.domain.errors import Invalid, NotFound, Refused

DATABASE = "spaces.db"
KEY = "secret.key"
EVIDENCE = "evidence"
CLIPS = "clips"


def snapshot(database: Path, target: Path) -> None:
    """Copy a database that may be in use; the copy is one moment of it."""
    with (
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def backup(data: Path, archive: Path) -> int:
    """Write `archive` (never over an existing file); its size in bytes. Raises NotFound or Refused."""
    if not (data / DATABASE).is_file():
        raise NotFound("data folder", str(data))
    if archive.exists():
        raise Refused("exists", f"{archive} exists already")
    part = archive.with_name(archive.name + ".part")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / DATABASE
        snapshot(data / DATABASE, copy)
        part.touch(mode=0o600)
        with tarfile.open(part, "w:gz") as tar:
            # The snapshot first: a clip that a report in it names was written before the report was.
            tar.add(copy, DATABASE)
            if (data / KEY).exists():
                tar.add(data / KEY, KEY)
            for folder in (EVIDENCE, CLIPS):
                for clip in sorted((data / folder).glob("*.ogg")):
                    with contextlib.suppress(FileNotFoundError):  # a post was deleted meanwhile
                        tar.add(clip, f"{folder}/{clip.name}")
    part.replace(archive)
    return archive.stat().st_size


def restore(archive: Path, data: Path) -> None:
    """Lay an archive out in a folder that is empty or new (0700). Raises Refused, or Invalid for what is no such archive."""
    if data.exists() and any(data.iterdir()):
        raise Refused("not_empty", f"{data} is not empty; restore into a new folder")
    try:
        with tarfile.open(archive) as tar:
            members = tar.getmembers()
            if not members or members[0].name != DATABASE or not all(_is_ours(member) for member in members):
                raise Invalid(str(archive), "is no backup of a data folder")
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            data.chmod(0o700)
            for member in members:
                _extract(tar, member, data)
    except (tarfile.TarError, EOFError) as error:
        raise Invalid(str(archive), "is no archive that can be read") from error


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, data: Path) -> None:
    """The bytes alone: no mode, owner or link of the archive's is taken over."""
    source = tar.extractfile(member)
    if source is None:
        raise Invalid(member.name, "is no file")
    target = data / member.name
    target.parent.mkdir(mode=0o700, exist_ok=True)
    target.touch(mode=0o600)
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file)


def _is_ours(member: tarfile.TarInfo) -> bool:
    """Plain files with the names that `backup` gives, and nothing that leads out of the folder."""
    parts = member.name.split("/")
    clip = len(parts) == 2 and parts[0] in (EVIDENCE, CLIPS) and parts[1].endswith(".ogg")
    return member.isfile() and (member.name in (DATABASE, KEY) or clip)
