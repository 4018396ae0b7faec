"""`python -m tests.bench.hearing --seconds 600`: many talk at once, to a real model and to one that is too slow for all of them.

Prints what `spacesctl bench hearing` prints, and ends with 1 when something is not as it should be. Needs espeak-ng.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from spacesctl.bench.hearing import HearingResult, measure, report
from spacesctl.support.terminal import write_line
from tests.bench.korean import korean


async def forms(seconds: float, *, busy: bool = False) -> list[HearingResult]:
    """The real model with 7 talkers; the shipped one with 10, slowed to 0.3 s of CPU time for each second, the work of 3 cores; and, unless
    only `busy` ones are asked for, the shipped one as it is, to see what hearing costs where there is time for all."""
    found = [await measure(7, seconds, korean()), await measure(10, seconds, slow=0.3)]
    return found if busy else [*found, await measure(7, min(seconds / 2, 60.0))]


def main() -> int:
    """Run all; the exit code."""
    parser = argparse.ArgumentParser(prog="hearing")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--busy", action="store_true", help="only the forms in which there is too much to do")
    missed, asked = False, parser.parse_args()
    for result in asyncio.run(forms(asked.seconds, busy=asked.busy)):
        shown = report(result)
        for row in shown.rows:
            for name, key in shown.columns.items():
                write_line(f"{name}: {row[key]}")
        for line in shown.notes:
            write_line(line)
        missed = missed or bool(result.missed)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
