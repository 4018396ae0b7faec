"""A zip file from elsewhere, unpacked as if it were out to harm: plain files below one folder, counted as they come out."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from spacesctl.domain.errors import Invalid

MOST_FILES = 2_000
MOST_BYTES = 16 << 30
CHUNK = 1 << 20


def unpack(archive: Path, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
    """Into `folder`, which must not be there yet and is not there after a failure. Raises Invalid, saying what is wrong with it."""
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
            if len(entries) > MOST_FILES:
                raise Invalid(archive.name, f"has more than {MOST_FILES} files")
            places = [_place(entry, archive.name) for entry in entries]
            folder.mkdir()
            left = most_bytes
            for entry, place in zip(entries, places, strict=True):
                left = _extract(opened, entry, folder / place, left)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        FileExistsError,
        NotADirectoryError,
    ) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Invalid(archive.name, f"is not a sound zip file ({error})") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _place(entry: zipfile.ZipInfo, archive: str) -> Path:
    """Where an entry goes, below the folder."""
    name = entry.filename
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or "\\" in name or ":" in name or ".." in parts:
        raise Invalid(archive, f"would write outside its folder ({name!r})")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise Invalid(archive, f"holds something that is no plain file ({name!r})")
    if entry.flag_bits & 1:
        raise Invalid(archive, "is encrypted")
    return Path(*parts)


def _extract(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int) -> int:
    """Bytes that may still come after this one. What an entry says of its own length is not believed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as source, target.open("xb") as file:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise Invalid(Path(opened.filename or "").name, "is larger than a model may be")
            file.write(chunk)
    return left
