"""How long a sound takes from mouth to ear, through our server, aiortc and Janus' AudioBridge, client buffers left out.

python tests/bench/latency.py [--server spacesctl]... [--calls 5] [--seconds 20] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from spacesctl.api.wire import plain
from spacesctl.bench import latency


def text(result: latency.Latency) -> str:
    lines = [f"{'milliseconds':<16}{'p50':>8}{'p95':>8}{'max':>8}{'chirps':>8}{'missed':>8}"]
    for one in result.delays:
        figures = "".join(f"{value:>8}" for value in (one.p50, one.p95, one.worst, one.chirps, one.missed))
        lines.append(f"{one.server:<16}{figures}")
    return "\n".join([*lines, *(f"without {name}: {why}" for name, why in result.skipped.items())])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", action="append", choices=latency.SERVERS)
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    result = asyncio.run(
        latency.measure(
            options.server or latency.SERVERS, options.calls, options.seconds, lambda what: print(what, file=sys.stderr)
        )
    )
    print(json.dumps(plain(result)) if options.json else text(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
