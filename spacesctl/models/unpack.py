"""Unpacks an archive that may be malicious, a zip file or a tar file packed with bzip2: plain files below one folder only, with the real
size counted while extracting.
"""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from spacesctl.domain.errors import Invalid
from spacesctl.models.untar import is_tar_bz2, untar

MOST_FILES = 2_000
MOST_BYTES = 16 << 30
CHUNK = 1 << 20


def unpack(archive: Path, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
    """Unpack into `folder`, which must not exist yet and does not exist after a failure. At most `most_bytes`. Raises
    Invalid with the reason.
    """
    is_tar = is_tar_bz2(archive)
    try:
        if is_tar:
            folder.mkdir()
            untar(archive, folder, lambda name: _place(name, archive.name), MOST_FILES, most_bytes)
        else:
            _unzip(archive, folder, most_bytes)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        NotImplementedError,
        FileExistsError,
        NotADirectoryError,
    ) as error:
        shutil.rmtree(folder, ignore_errors=True)
        kind = "tar file packed with bzip2" if is_tar else "zip file"
        raise Invalid(archive.name, f"is not a valid {kind} ({error})") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _unzip(archive: Path, folder: Path, most_bytes: int) -> None:
    with zipfile.ZipFile(archive) as opened:
        entries = [entry for entry in opened.infolist() if not entry.is_dir()]
        if len(entries) > MOST_FILES:
            raise Invalid(archive.name, f"has more than {MOST_FILES} files")
        places = [_place_of(entry, archive.name) for entry in entries]
        folder.mkdir()
        left = most_bytes
        for entry, place in zip(entries, places, strict=True):
            left = _extract(opened, entry, folder / place, left)


def _place_of(entry: zipfile.ZipInfo, archive: str) -> Path:
    place = _place(entry.filename, archive)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise Invalid(archive, f"contains something that is not a plain file ({entry.filename!r})")
    if entry.flag_bits & 1:
        raise Invalid(archive, "is encrypted")
    return place


def _place(name: str, archive: str) -> Path:
    """Where an entry goes, relative to the folder."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or "\\" in name or ":" in name or ".." in parts:
        raise Invalid(archive, f"would write outside its folder ({name!r})")
    return Path(*parts)


def _extract(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int) -> int:
    """Returns how many bytes may still be extracted after this entry. The length that the entry declares is not trusted."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as source, target.open("xb") as file:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise Invalid(Path(opened.filename or "").name, "is larger than a model may be")
            file.write(chunk)
    return left
