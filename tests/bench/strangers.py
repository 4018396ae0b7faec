"""What a datagram costs that nobody sent who may: microseconds each, by kind, through all of the engine but the socket.

python tests/bench/strangers.py [--count 20000]

The aim is under 20 us: 50,000 such packets a second then leave the ticks in peace. Nothing is kept of any of them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.engine.caller import Caller
from tests.engine.test_peers import SPACE, Wire
from tests.fuzz.targets import HELLO, RTCP, RTP
from tests.fuzz.test_strangers import STRANGER, check

AIM = 20.0


async def measure(count: int) -> dict[str, float]:
    wire = Wire()
    caller = await wire.call(Caller("p", SPACE, lane=1, up=True))
    name = f"{caller.local_ufrag}:{caller.ufrag}"
    crowded = check("nobody:nobody")
    crowded = crowded[:2] + (500).to_bytes(2, "big") + crowded[4:20] + b"\x80\x22\0\0" * 125
    kinds = {
        "check of nobody": (check("nobody:nobody", "some-password-or-other"), STRANGER),
        "check with no name among 125 attributes": (crowded, STRANGER),
        "check with a known name, wrong password": (check(name, "some-password-or-other"), STRANGER),
        "DTLS from elsewhere": (HELLO, STRANGER),
        "RTP from elsewhere": (RTP, STRANGER),
        "RTCP from elsewhere": (RTCP, STRANGER),
        "RTP from a peer's address, forged": (RTP + bytes(60), wire.source),
        "RTCP from a peer's address, forged": (RTCP + bytes(14), wire.source),
        "nothing known": (b"\x47" * 100, STRANGER),
    }
    found = {}
    for kind, (data, source) in kinds.items():
        began = time.perf_counter()
        for _ in range(count):
            wire.peers.receive(data, source)
        found[kind] = (time.perf_counter() - began) / count * 1e6
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    found = asyncio.run(measure(parser.parse_args().count))
    for kind, cost in found.items():
        print(f"{kind:<42}{cost:>8.1f} us{'' if cost < AIM else '   too much'}")
    return 0 if max(found.values()) < AIM else 1


if __name__ == "__main__":
    sys.exit(main())
