"""The child that reads what strangers upload: what it gives up before it looks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_CONFINED = "from spacesctl.audio import transcode; transcode.confine(); "


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ("bytearray(2 << 30)", "MemoryError"),
        ("open('big', 'wb').write(bytes(8 << 20))", "File too large"),
        ("[open('/dev/null') for _ in range(20)]", "Too many open files"),
    ],
)
def test_what_reads_a_clip_cannot_take_more_than_its_share(tmp_path: Path, deed: str, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CONFINED + deed], cwd=tmp_path, capture_output=True, text=True, timeout=15, check=False
    )
    assert done.returncode == 1
    assert words in done.stderr
