"""The shelf: an archive is held against its checksum and unpacked without trust, or leaves nothing behind."""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.models import find
from spacesctl.domain.errors import Invalid, NotFound, Refused
from spacesctl.models.catalogue import CATALOGUE, known
from spacesctl.models.shelf import Shelf
from spacesctl.models.unpack import MOST_FILES, unpack
from tests.models.archive_server import Archive, serving
from tests.running import spacesctl


def zipped(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        for name, target in (links or {}).items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, target)
    return made.getvalue()


MODEL = zipped({"some-model/am/final.mdl": b"m", "some-model/conf/model.conf": b"c"})
SUM = hashlib.sha256(MODEL).hexdigest()


@pytest.fixture
def archive() -> Iterator[Archive]:
    with serving(MODEL) as served:
        yield served


def left(data: Path) -> list[str]:
    return sorted(path.name for path in (data / "models").iterdir())


def test_a_model_is_pulled_and_is_the_one_that_the_bots_take(tmp_path: Path, archive: Archive) -> None:
    pulled = Shelf(tmp_path).pull("mine", url=archive.url)
    assert (pulled.sha256, pulled.trust) == (SUM, "first")
    assert left(tmp_path) == ["checksums.json", "mine"]
    assert Shelf(tmp_path).names() == ["mine"]
    assert find(data=tmp_path).path == Shelf(tmp_path).path("mine") == tmp_path / "models" / "mine"


def test_a_checksum_recorded_on_first_use_is_held_against_the_next_archive(tmp_path: Path, archive: Archive) -> None:
    shelf = Shelf(tmp_path)
    pulled = shelf.pull("mine", url=archive.url)
    for path in sorted(pulled.path.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    pulled.path.rmdir()
    archive.content = zipped({"m/am/final.mdl": b"another"})
    with pytest.raises(Refused, match=f"not {SUM}"):
        shelf.pull("mine", url=archive.url)
    assert left(tmp_path) == ["checksums.json"]


@pytest.mark.parametrize(("sha256", "error"), [("0" * 64, Refused), ("not hex", Invalid)])
def test_an_archive_that_is_not_what_was_asked_for_is_not_kept(
    tmp_path: Path, archive: Archive, sha256: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        Shelf(tmp_path).pull("mine", url=archive.url, sha256=sha256)
    assert Shelf(tmp_path).names() == []


def test_a_known_model_is_held_against_the_shipped_checksum(tmp_path: Path, archive: Archive) -> None:
    with pytest.raises(Refused, match="shipped"):
        Shelf(tmp_path).pull("vosk-model-small-en-us-0.15", url=archive.url)


@pytest.mark.parametrize("name", ["../mine", "a/b", ".hidden", "", "a" * 101])
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid):
        Shelf(tmp_path).pull(name, url="http://127.0.0.1:9/")


def test_what_is_not_here_or_known_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Shelf(tmp_path).path("mine")
    with pytest.raises(Invalid, match="not in the catalogue"):
        Shelf(tmp_path).pull("mine")


def tarred(files: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:bz2") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for entry in others:
            archive.addfile(entry)
    return made.getvalue()


def entry_of(name: str, kind: bytes, linkname: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, linkname
    return made


ZIPFORMER = {f"z/{name}": name.encode() for name in ("tokens.txt", "encoder.onnx", "decoder.onnx", "joiner.onnx")}
TAR = tarred(ZIPFORMER)


def test_a_model_of_another_engine_comes_as_a_tar_file(tmp_path: Path, archive: Archive) -> None:
    archive.content = tarred(ZIPFORMER, entry_of("z/test_wavs", tarfile.DIRTYPE))
    pulled = Shelf(tmp_path).pull("zipformer", url=archive.url)
    assert left(tmp_path) == ["checksums.json", "zipformer"]
    assert (pulled.path / "encoder.onnx").read_bytes() == b"encoder.onnx"
    assert find(data=tmp_path).path == pulled.path


def test_a_model_of_the_catalogue_has_the_address_of_its_makers() -> None:
    one = known("sherpa-onnx-streaming-zipformer-en-20M-2023-02-17")
    assert one is not None
    assert one.url.endswith("/asr-models/sherpa-onnx-streaming-zipformer-en-20M-2023-02-17.tar.bz2")
    assert one.sha256 is not None
    assert CATALOGUE[0].url.endswith("/vosk-model-small-en-us-0.15.zip")


def test_a_tar_file_that_is_larger_than_it_may_be_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(tarred({"m/big": bytes(200_000)}))
    with pytest.raises(Invalid, match="larger than a model may be"):
        unpack(tmp_path / "a", tmp_path / "m", most_bytes=100_000)
    assert not (tmp_path / "m").exists()


HOSTILE = {
    "tar: climbs out": tarred(ZIPFORMER | {"../outside": b"x"}),
    "tar: absolute": tarred(ZIPFORMER | {"/tmp/outside": b"x"}),
    "tar: a link": tarred(ZIPFORMER, entry_of("z/link", tarfile.SYMTYPE, "/etc/passwd")),
    "tar: a hard link": tarred(ZIPFORMER, entry_of("z/link", tarfile.LNKTYPE, "z/tokens.txt")),
    "tar: a device": tarred(ZIPFORMER, entry_of("z/null", tarfile.CHRTYPE)),
    "tar: twice the same": tarred(ZIPFORMER | {"z/./tokens.txt": b"x"}),
    "tar: too many files": tarred({f"z/{n}": b"" for n in range(MOST_FILES + 1)}),
    "tar: too many folders": tarred({}, *(entry_of(f"z/{n}", tarfile.DIRTYPE) for n in range(MOST_FILES + 1))),
    "tar: a very long name": tarred({"z/" + "n" * (2 << 20): b"x"}),
    "tar: no model": tarred({"z/readme": b""}),
    "tar: no tar": bz2.compress(b"nothing of the kind"),
    "tar: truncated": TAR[:-30],
    "tar: damaged": TAR[:40] + bytes(20) + TAR[60:],
    "climbs out": zipped({"m/am/final.mdl": b"", "../outside": b"x"}),
    "climbs from inside": zipped({"m/am/final.mdl": b"", "m/../../outside": b"x"}),
    "absolute": zipped({"m/am/final.mdl": b"", "/tmp/outside": b"x"}),
    "backslashes": zipped({"m/am/final.mdl": b"", "..\\outside": b"x"}),
    "drive": zipped({"m/am/final.mdl": b"", "C:outside": b"x"}),
    "a link": zipped({"m/am/final.mdl": b""}, {"m/link": "/etc/passwd"}),
    "a file where a folder is": zipped({"m/am/final.mdl": b"", "m/am/final.mdl/more": b"x"}),
    "twice the same": zipped({"m/am/final.mdl": b""})[:0] + zipped({"m/am/final.mdl": b"", "m/./am/final.mdl": b"x"}),
    "too many files": zipped({f"m/{n}": b"" for n in range(MOST_FILES + 1)}),
    "no model": zipped({"m/readme": b""}),
    "no zip": b"PK nothing of the kind",
    "truncated": MODEL[:-30],
    "damaged": MODEL.replace(b"l/conf", b"l/cong", 1),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_archive_is_refused_and_leaves_nothing(tmp_path: Path, archive: Archive, content: bytes) -> None:
    archive.content = content
    data = tmp_path / "data"
    with pytest.raises(Invalid):
        Shelf(data).pull("mine", url=archive.url)
    assert left(data) == []
    assert not list(tmp_path.rglob("*outside*"))


def test_an_archive_may_not_grow_beyond_all_measure(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    bomb.write_bytes(zipped({"m/am/final.mdl": b"", "m/zeros": bytes(5_000_000)}))
    assert bomb.stat().st_size < 10_000
    with pytest.raises(Invalid, match="larger"):
        unpack(bomb, tmp_path / "out", most_bytes=1_000_000)
    assert not (tmp_path / "out").exists()


def test_the_command_pulls_lists_and_says_what_it_trusted(tmp_path: Path, archive: Archive) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        words = ("models", *words, "--data", str(tmp_path))
        return subprocess.run(spacesctl(*words), capture_output=True, text=True, timeout=15, check=False)

    pulled = run("pull", "mine", "--url", archive.url)
    assert pulled.returncode == 0
    assert SUM in pulled.stderr
    assert pulled.stdout.strip() == run("path", "mine").stdout.strip() == str(tmp_path / "models" / "mine")
    rows = json.loads(run("list", "--json").stdout)
    assert [row["name"] for row in rows if row["here"]] == ["mine"]
    again = run("pull", "mine", "--url", archive.url)
    assert (again.returncode, again.stderr.count("\n")) == (5, 1)
