"""Fuzz one parser, or each in turn, guided by the code that is reached (needs `pip install atheris`).

python tests/fuzz/run.py [TARGET] [--seconds 60] [--corpus FOLDER]

Ends with 1 at the first input that breaks one; libFuzzer has then written it to the folder `crash-...` of where it was run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


def fuzz(name: str, seconds: int, folder: Path) -> None:
    import atheris

    with atheris.instrument_imports(include=["spacesctl.rtc", "spacesctl.audio", "aiortc.sdp"]):
        from tests.fuzz.targets import TARGETS
    target = TARGETS[name]
    for number, seed in enumerate(target.seeds):
        (folder / f"seed-{number}").write_bytes(seed)

    def one(data: bytes) -> None:
        try:
            target.parse(data)
        except target.errors:
            return

    limits = [f"-max_total_time={seconds}", f"-max_len={target.longest}", "-rss_limit_mb=1024", "-timeout=5"]
    atheris.Setup([sys.argv[0], *limits, str(folder)], one)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="?")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    if options.target is not None:
        with tempfile.TemporaryDirectory() as folder:
            fuzz(options.target, options.seconds, options.corpus or Path(folder))
        return 0
    from tests.fuzz.targets import TARGETS

    for name in TARGETS:
        print(name, file=sys.stderr)
        done = subprocess.run([sys.executable, __file__, name, "--seconds", str(options.seconds)], check=False)
        if done.returncode:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
