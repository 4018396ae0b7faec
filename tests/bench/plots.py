"""The plots of docs/performance.md, from what `spacesctl bench ... --json` wrote.

python tests/bench/plots.py RESULTS docs/performance   # RESULTS has peers.json and loss.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import fmean

import matplotlib as mpl

mpl.use("agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SIZE = (6.4, 3.6)
DPI = 80  # small files: they live in the repository


def capacity(results: Path, target: Path) -> None:
    """Percent of a core by the number of listeners: ours, Janus' Streaming plugin, and both floors."""
    figure, axes = plt.subplots(figsize=SIZE, dpi=DPI)
    for name, rounds in json.loads((results / "peers.json").read_text())["results"].items():
        points = [(one["listeners"], one["core_percent"]) for one in rounds[0]["windows"]]
        if points[-1][0] > 100:
            axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xlabel="listeners", ylabel="% of one core", xlim=0, ylim=0)
    _save(figure, axes, target / "capacity.png")


def peers(results: Path, target: Path) -> None:
    """What one more listener costs with each, on a logarithmic scale."""
    figure, axes = plt.subplots(figsize=SIZE, dpi=DPI)
    costs = sorted(
        json.loads((results / "peers.json").read_text())["ms_per_listener_second"].items(), key=lambda one: -one[1]
    )
    names, values = zip(*costs, strict=True)
    bars = axes.barh(names, values)
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.set(xscale="log", xlabel="ms of CPU per listener and second", xlim=(min(values) / 2, max(values) * 4))
    _save(figure, axes, target / "peers.png", legend=False)


def loss(results: Path, target: Path) -> None:
    """How a voice sounds over each network, with each server."""
    figure, axes = plt.subplots(figsize=SIZE, dpi=DPI)
    scores = json.loads((results / "loss.json").read_text())["scores"]
    networks = list(dict.fromkeys(one["network"] for one in scores))
    servers = list(dict.fromkeys(one["server"] for one in scores))
    for place, server in enumerate(servers):
        rounds = [
            [one["pesq"] for one in scores if (one["server"], one["network"]) == (server, name)] for name in networks
        ]
        wide = 0.8 / len(servers)
        at = [number + (place - len(servers) / 2 + 0.5) * wide for number in range(len(networks))]
        axes.bar(at, [fmean(each) if each else 0 for each in rounds], width=wide, label=server)
    names = [
        name.replace(" in ", "\n").replace(" of ", "\nof ").replace(" Gilbert-", "\nGilbert-\n") for name in networks
    ]
    axes.set_xticks(range(len(networks)), names, fontsize=7)
    axes.set(ylabel="wide-band PESQ", ylim=(1, 4.6))
    _above(axes, columns=len(servers))
    _save(figure, axes, target / "loss.png", legend=False)


def _above(axes: Axes, columns: int) -> None:
    """The legend over the plot, where no line is."""
    axes.legend(ncol=columns, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=8, frameon=False)


def _save(figure: Figure, axes: Axes, path: Path, *, legend: bool = True) -> None:
    axes.grid(alpha=0.3)
    if legend:
        _above(axes, columns=3)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    plt.close(figure)


def main() -> int:
    results, target = Path(sys.argv[1]), Path(sys.argv[2])
    capacity(results, target)
    peers(results, target)
    loss(results, target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
