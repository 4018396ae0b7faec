"""Unpacks a tar file that is packed with bzip2 and may be malicious: `unpack` for zip files, with the same bounds."""

from __future__ import annotations

import bz2
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from spacesctl.domain.errors import Invalid

CHUNK = 1 << 20
"""Bytes that are read at once. A header asks for fewer."""
_MAGIC = b"BZh"


def is_tar_bz2(archive: Path) -> bool:
    """Whether the file begins as one of bzip2; that a tar file is in it is seen when it is unpacked."""
    with archive.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def untar(archive: Path, folder: Path, place: Callable[[str], Path], most_files: int, most_bytes: int) -> None:
    """Extract all plain files to the places below `folder` that `place` gives for their names. Raises Invalid, EOFError, or an error of
    tarfile or of the file system.
    """
    entries = 0
    try:
        with (
            bz2.open(archive) as source,
            tarfile.open(fileobj=_Bounded(source, most_bytes, archive.name), mode="r:") as opened,
        ):
            while (entry := opened.next()) is not None:
                entries += 1
                if entries > most_files:
                    raise Invalid(archive.name, f"has more than {most_files} files")
                if not entry.isdir():
                    _extract(opened, entry, folder / place(entry.name), archive.name)
    except OSError as error:
        if error.errno is None:  # what bz2 raises for damaged data
            raise tarfile.ReadError(str(error)) from error
        raise


def _extract(opened: tarfile.TarFile, entry: tarfile.TarInfo, target: Path, archive: str) -> None:
    inside = opened.extractfile(entry) if entry.isreg() and not entry.issparse() else None
    if inside is None:
        raise Invalid(archive, f"contains something that is not a plain file ({entry.name!r})")
    target.parent.mkdir(parents=True, exist_ok=True)
    with inside, target.open("xb") as file:
        while chunk := inside.read(CHUNK):
            file.write(chunk)


class _Bounded(io.RawIOBase):
    """What `tarfile` reads: at most so many bytes in all, and none that a header alone says are many."""

    def __init__(self, source: IO[bytes], most: int, name: str) -> None:
        super().__init__()
        self._source = source
        self._most = most
        self._name = name

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= CHUNK:
            raise Invalid(self._name, "has a header that is too long")
        self._within(self._source.tell() + size)
        return self._source.read(size)

    def seek(self, to: int, whence: int = 0) -> int:
        self._within(to)
        return self._source.seek(to, whence)

    def tell(self) -> int:
        return self._source.tell()

    def _within(self, at: int) -> None:
        if at > self._most:
            raise Invalid(self._name, "is larger than a model may be")
