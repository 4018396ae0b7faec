"""Backup of a data folder into one file, while the server may run, and restore.

The archive (tar, gzip) holds `spaces.db` (a consistent snapshot by SQLite's backup API), the evidence clips, the voice
clips, and `secret.key`, from which webhook signing secrets are derived. Of tokens it holds only hashes; the owner's
token file is left out.
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
from spacesctl.store.folder import CLIPS, DATABASE, EVIDENCE, KEY


def snapshot(database: Path, target: Path) -> None:
    """Copy a database that may be in use. The copy is consistent."""
    with (
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def backup(data: Path, archive: Path) -> int:
    """Write `archive`, never over an existing file; returns its size in bytes. Raises NotFound or Refused."""
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
            # The snapshot comes first. A clip is written before the report that refers to it, so it exists by now.
            tar.add(copy, DATABASE)
            if (data / KEY).exists():
                tar.add(data / KEY, KEY)
            for folder in (EVIDENCE, CLIPS):
                for clip in sorted((data / folder).glob("*.ogg")):
                    with contextlib.suppress(FileNotFoundError):  # its post was deleted in the meantime
                        tar.add(clip, f"{folder}/{clip.name}")
    part.replace(archive)
    return archive.stat().st_size


def restore(archive: Path, data: Path) -> None:
    """Unpack an archive into a new or empty folder (mode 0700). Raises Refused, or Invalid when it is not a backup."""
    if data.exists() and any(data.iterdir()):
        raise Refused("not_empty", f"{data} is not empty; restore into a new folder")
    try:
        with tarfile.open(archive) as tar:
            members = tar.getmembers()
            if not members or members[0].name != DATABASE or not all(_is_ours(member) for member in members):
                raise Invalid(str(archive), "is not a backup of a data folder")
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            data.chmod(0o700)
            for member in members:
                _extract(tar, member, data)
    except (tarfile.TarError, EOFError) as error:
        raise Invalid(str(archive), "is not a readable archive") from error


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, data: Path) -> None:
    """Extract the bytes only: modes, owners and links of the archive are ignored."""
    source = tar.extractfile(member)
    if source is None:
        raise Invalid(member.name, "is not a file")
    target = data / member.name
    target.parent.mkdir(mode=0o700, exist_ok=True)
    target.touch(mode=0o600)
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file)


def _is_ours(member: tarfile.TarInfo) -> bool:
    """Whether it is a plain file with a name that `backup` gives, inside the folder."""
    parts = member.name.split("/")
    clip = len(parts) == 2 and parts[0] in (EVIDENCE, CLIPS) and parts[1].endswith(".ogg")
    return member.isfile() and (member.name in (DATABASE, KEY) or clip)
