"""How long commands take to start, beside what they cannot do without: `python -m tests.bench.start_time [RUNS]`.

The two of a pair run in turns, so that a busy machine slows both; their medians are compared. No test asserts this, since a machine that
is busy with something else would fail it: tests/cli/test_light.py asserts what is imported.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("spacesctl"))
HELP, COMMAND = "import typer", "import typer, httpx, rich.console, rich.table"
ID = "A" * 13
PAIRS: list[tuple[str, str, float]] = [
    ("--help", HELP, 1.5),
    *((words, COMMAND, 1.3) for words in (
        "list", "list --mine --limit 5", f"show {ID}", "create T", f"edit {ID} --title T", f"end {ID} --yes", "inbox --limit 5",
        f"invite {ID} @ann,@ben", "invites", f"people {ID}", f"kick {ID} @ann", f"undo {ID}-1", f"react {ID} wave", "post hello", "feed",
        "account show", "account token me", "profile", "schedule list", "reports list", "audit list", "recordings list",
        "webhook list", "notifications list", f"captions {ID}", f"watch {ID}",
    )),
]  # fmt: skip
"""The words of a command, what it is compared with, and how many times as long it may take."""


def taken(words: list[str], env: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(words, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return time.perf_counter() - began


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    slow = 0
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **os.environ,
            "SPACESCTL_URL": "http://127.0.0.1:9",
            "SPACESCTL_TOKEN": "spx_x",
            "XDG_CONFIG_HOME": folder,
        }
        for words, beside, most in PAIRS:
            ours, theirs = [], []
            for _ in range(runs):
                ours.append(taken([PROGRAM, *words.split()], env))
                theirs.append(taken([sys.executable, "-c", beside], env))
            one, other = statistics.median(ours), statistics.median(theirs)
            slow += one / other > most
            sys.stdout.write(f"{one * 1000:6.1f} ms  {one / other:4.2f} x (at most {most})  {words}\n")
            sys.stdout.flush()
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
