"""Results of benches, as if they had been measured."""

from __future__ import annotations

from spacesctl.bench.beside_icecast import Beside, Served
from spacesctl.bench.capacity import Capacity
from spacesctl.bench.fanout import Fanout, Window
from spacesctl.bench.floor import Floor
from spacesctl.bench.hearing import HearingResult
from spacesctl.bench.latency import Latency
from spacesctl.bench.loss import Loss
from spacesctl.bench.numbers import NumberRow, Numbers
from spacesctl.bench.ogg import Cost, Costs
from spacesctl.bench.peers import Peers
from spacesctl.bench.redaction import Redactions
from spacesctl.bench.redaction_score import Row
from spacesctl.bench.redaction_sound import Inaudible
from spacesctl.bench.soak import Calm, Growth, Soak
from spacesctl.bench.storm import Half, Storm
from spacesctl.probe.jitter_probe import Jitter
from spacesctl.probe.machine import Machine

MACHINE = Machine(cpu="a cpu", cores=2, kernel="6", python="3", sealing="compiled", load=0.0, at="2026-01-01T00:00:00Z")
STILL = Jitter(ticks=50, late=1, late_ms_max=12.0)
COUNTERS = {"ticks": 500, "ticks_late": 2, "ticks_skipped": 1}
WINDOW = Window(
    listeners=7, seconds=10.0, join_seconds=1.0, core_percent=1.0, cpu_ms_per_listener_second=0.2,
    client_core_percent=3.0, memory_mib=80.0, packets=3500, lost=0, reordered=0, listeners_with_loss=0, whole=3,
    undecoded=0, counters=COUNTERS, timings={"work_ms_p99": 3.25, "cpu_ms_p99": 2.5}, machine_stood_still=STILL,
)  # fmt: skip
HALF = Half(
    seconds=3.0, cpu_seconds=1.5, late_ms_max=11.0, machine_stood_still=STILL, packets_out=90, packets_out_dropped=0,
    packets_dropped=0, **COUNTERS,
)  # fmt: skip
FANOUT = Fanout(MACHINE, "20", 2, [WINDOW], [])
STORM = Storm(
    machine=MACHINE, packet_ms="20", listeners=50, joins=100, calm=WINDOW, coming=HALF, leaving=HALF,
    join_ms_engine=1.25, join_ms_control=2.5, lost_by_those_who_stayed=0, listeners_with_loss=0, stayed=50,
)  # fmt: skip
SOAK = Soak(
    machine=MACHINE, warm_up_seconds=240.0, minutes=5.0, listeners=9, speakers=1, counters=COUNTERS, late_ms_max=14.0,
    machine_stood_still=STILL, calm=Calm(spans=3, of=4, ticks=400, late=1, skipped=0), spans=[], lost=0,
    processes={"engine": Growth([80.0, 81.5], [30, 31], 1.25, -0.5)},
)  # fmt: skip
COST = Cost("ogg", 9, 10.0, 0.01, 0.05, 0.06, 20.0, 180, 0, 0, 0)
SERVED = Served("spacesctl", 9, 20.5, 2.0, 0)
BESIDE = Beside(MACHINE, 10.0, [SERVED], {"spacesctl": 0.02, "Icecast": 0.015}, 1.33, 50.0)
OGG = Costs(MACHINE, "auto", {"ogg": COST}, 0.25)
FLOOR = Floor(MACHINE, 80, {})
CAPACITY = Capacity(machine=MACHINE, seconds=20.0, points={}, largest={"spacesctl": 1500}, beside=[], cost={})
PEERS = Peers(
    machine=MACHINE, rounds=3, seconds=10.0, results={}, missing={}, ms_per_listener_second={}, ratios={},
    ratios_of_rounds={},
)  # fmt: skip
LOSS = Loss([], {}, [1], MACHINE)
ROW = Row(
    delay=4.0, who="alone", phrases=50, shown=48, whole=0.9875, exact=0.75, early=47, early_whole=1.0, far_touched=0.0125, narrowed=0.5,
    neighbours={"narrowed": 0.25, "else": 3.5, "all": None}, slack_p1=2.75,
)  # fmt: skip
REDACTIONS = Redactions(
    "tiny",
    50,
    [ROW],
    {"p50": 0.75, "p95": 1.0, "p99": 1.25},
    52,
    4,
    0,
    1,
    Inaudible(20, 1.0, -62.5, 30, 0.975, 0.98, 50, 0),
    MACHINE,
)
NUMBERS = Numbers(
    "tiny",
    [NumberRow(4.0, "all that are redacted", 200, 0.995, 0.94, 1.0), NumberRow(4.0, "year", 30, touched=0.0125)],
    210,
    9,
    0,
    MACHINE,
)
HEARING = HearingResult(
    model="tiny", talkers=10, seconds=60.0, slow=0.3, late_p50=0.1, late_p99=1.5, late_max=1.75, most_given_up=4, given_up=6,
    given_up_share=37.5, restarts=0, moved=2, engine_ms=302.0, recogniser_ms=3.5, pool_ms=1.5, silence_ms=0.0, shared_mib=60.0,
    private_mib=14.0, words=400, lost_share=0.25, machine=MACHINE,
)  # fmt: skip
LATENCY = Latency([], {}, 5, 20.0, MACHINE)
