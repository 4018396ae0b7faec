"""How soon players of others start with `listen.ogg`: `python tests/bench/players.py --rounds 9` (ffmpeg, mpv and Chromium from Debian).

From the start of the program to its first decoded sound; in Chromium, from when `src` is set until `currentTime` advances.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.e2e.test_recording import ok
from tests.interop.test_players import in_chromium, in_ffmpeg, in_mpv, speaker
from tests.running import running_server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder) / "data", "--no-bots") as server:
        host = server.account("host")["token"]
        for room in ("nobody speaks", "somebody speaks"):
            space = ok(server.run(host, "create", room, "--start", "--json"))["id"]
            speaking = speaker(server, host, space, Path(folder)) if room == "somebody speaks" else None
            url = f"{server.url}/v1/spaces/{space}/listen.ogg"
            starts = {
                "ffmpeg": [in_ffmpeg(url, 1.0)[0] for _ in range(rounds)],
                "mpv": [in_mpv(url, 1.0)[0] for _ in range(rounds)],
                "Chromium": [asyncio.run(in_chromium(url, 3.0, Path(folder)))["started"] or 3.0 for _ in range(rounds)],
            }
            for player, found in starts.items():
                print(
                    f"{room}: {player}: median {statistics.median(found):.2f} s, worst {max(found):.2f} s of {rounds}",
                    flush=True,
                )
            if speaking is not None:
                speaking.terminate()
                speaking.communicate()


if __name__ == "__main__":
    main()
