"""How a voice sounds over bad networks, through our server, aiortc and Janus' AudioBridge: wide-band PESQ.

python tests/bench/loss.py [--network "5 %"]... [--server spacesctl]... [--clips FOLDER] [--seed 1]... [--json]

Needs `pip install pesq` (a C compiler builds it); Janus is left out where it is not installed. Some 25 s for each network and seed.
`--clips` is a folder of WAV files (16-bit mono) in place of the demo's synthetic voices; they are put in a row.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import wave
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from spacesctl.api.wire import plain
from spacesctl.bench import loss
from spacesctl.domain.errors import Refused


def voices(folder: Path) -> list[np.ndarray]:
    found = []
    for file in sorted(folder.glob("*.wav")):
        with wave.open(str(file)) as source:
            pcm = np.frombuffer(source.readframes(source.getnframes()), np.int16)
            places = np.arange(0, len(pcm) - 1, source.getframerate() / 48_000)
        found.append(np.interp(places, np.arange(len(pcm)), pcm).astype(np.int16))
    return found


def text(result: loss.Loss) -> str:
    servers = list(dict.fromkeys(one.server for one in result.scores))
    lines = [f"{'lost':<22}" + "".join(f"{name:>22}" for name in servers)]
    for network in dict.fromkeys(one.network for one in result.scores):
        here = [one for one in result.scores if one.network == network]
        means = [fmean(one.pesq for one in here if one.server == name) for name in servers]
        lines.append(f"{network:<22}" + "".join(f"{mean:>22.2f}" for mean in means))
    return "\n".join([*lines, *(f"without {name}: {why}" for name, why in result.skipped.items())])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", action="append", choices=list(loss.NETWORKS))
    parser.add_argument("--server", action="append", choices=loss.SERVERS)
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    said = voices(options.clips) if options.clips else None
    try:
        result = asyncio.run(
            loss.measure(
                options.network or list(loss.NETWORKS),
                options.server or loss.SERVERS,
                said,
                options.seed or loss.SEEDS,
                lambda what: print(what, file=sys.stderr),
            )
        )
    except Refused as error:
        print(f"bench loss: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps(plain(result)) if options.json else text(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
