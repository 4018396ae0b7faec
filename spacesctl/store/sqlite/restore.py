"""Restores a backup into a new data folder, and proves that every file that the database names is there and whole."""

from __future__ import annotations

import lzma
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from spacesctl.domain.errors import Invalid, Refused
from spacesctl.store.folder import CLIPS, DATABASE, EVIDENCE, KEY, RECORDINGS
from spacesctl.store.sqlite.backup import MANIFEST, MANIFESTS, Hashing, Manifest, Packed
from spacesctl.store.sqlite.named_files import NamedFile, named_files

LEFT: Final = 16 << 20
"""Free bytes on the disk that a restore leaves."""
MOST_MANIFEST: Final = 64 << 20
"""Bytes. A file takes about 150."""


@dataclass(frozen=True)
class Restored:
    """What was restored. `missing` are named files that were not there when the backup was made; `left_out` is how many files of recordings
    the backup leaves out on purpose."""

    files: int
    missing: list[str]
    left_out: int


def restore(archive: Path, data: Path) -> Restored:
    """Unpack an archive into a new or empty folder (mode 0700). Raises Refused; or Invalid when it is not a backup, or is damaged: nothing
    is left then."""
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Refused("not_empty", f"{data} is not an empty folder; restore into a new one")
    data = data.absolute()
    part: Path | None = None
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".restore-", dir=data.parent))  # mode 0700
        found = _unpack(archive, part)
        told = _proved(archive, part, found)
        (part / MANIFEST).unlink(missing_ok=True)
        part.replace(data)
    except (tarfile.TarError, EOFError, OSError, ValueError, lzma.LZMAError, zlib.error, sqlite3.Error) as error:
        raise Invalid(str(archive), _readable(error)) from error
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
    return told


def _readable(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be restored: {error.strerror}"
    return "has a damaged database" if isinstance(error, sqlite3.Error) else "is not a readable archive"


def _unpack(archive: Path, part: Path) -> dict[str, Packed]:
    """What the archive holds, by name."""
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
        if not members or members[0].name != DATABASE or not all(_is_ours(member) for member in members):
            raise Invalid(str(archive), "is not a backup of a data folder")
        if (size := sum(member.size for member in members)) + LEFT > shutil.disk_usage(part).free:
            raise Invalid(str(archive), f"needs {size >> 20} MiB, and the disk has not so much room")
        return {member.name: _extract(tar, member, part) for member in members}


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, part: Path) -> Packed:
    """Extract the bytes only: modes, owners and links of the archive are ignored."""
    source = tar.extractfile(member)
    if source is None:
        raise Invalid(member.name, "is not a file")
    target = part / member.name
    for folder in (*reversed(target.parent.relative_to(part).parents), target.parent.relative_to(part)):
        (part / folder).mkdir(mode=0o700, exist_ok=True)
    target.touch(mode=0o600)
    with source, target.open("wb") as file:
        reading = Hashing(source, member.size)
        shutil.copyfileobj(reading, file)
    return Packed(member.size, reading.sha256)


def _proved(archive: Path, part: Path, found: dict[str, Packed]) -> Restored:
    """Compare what was unpacked with the manifest and with what the database names. Raises Invalid, naming the first bad file."""
    manifest = _manifest(archive, part)
    for name, expected in manifest.files.items():
        if found.get(name) != expected:
            raise Invalid(str(archive), f"is damaged: {name} is missing or is not what was saved")
    left_out, missing = 0, list[str]()
    for named in named_files(part / DATABASE):
        if named.folder in manifest.without:
            left_out += 1
        elif named.name in manifest.missing:
            missing.append(named.name)
        elif not _fits(named, found.get(named.name)):
            raise Invalid(str(archive), f"is damaged: the database names {named.name}, which is missing or another")
    return Restored(len(found.keys() - {MANIFEST}), missing, left_out)


def _manifest(archive: Path, part: Path) -> Manifest:
    """An archive of an earlier version has none, and has no recordings."""
    path = part / MANIFEST
    if not path.exists():
        return Manifest({}, [RECORDINGS])
    try:
        if path.stat().st_size > MOST_MANIFEST:
            raise Invalid(str(archive), "has a list of its files that is too long")
        return MANIFESTS.validate_json(path.read_bytes())
    except ValidationError as error:
        raise Invalid(str(archive), "is damaged: the list of its files cannot be read") from error


def _fits(named: NamedFile, found: Packed | None) -> bool:
    return found is not None and named.sha256 in (None, found.sha256) and named.bytes in (None, found.bytes)


def _is_ours(member: tarfile.TarInfo) -> bool:
    """Whether it is a plain file with a name that `backup` gives, inside the folder."""
    parts = member.name.split("/")
    plain = ".." not in parts and "" not in parts and "." not in parts
    clip = len(parts) == 2 and parts[0] in (EVIDENCE, CLIPS) and parts[1].endswith(".ogg")
    track = len(parts) == 3 and parts[0] == RECORDINGS and parts[2].endswith(".ogg")
    is_file = member.isfile() and not member.issparse() and member.size >= 0 and plain
    return is_file and (member.name in (DATABASE, KEY, MANIFEST) or clip or track)
