"""`make cover`: the share of lines and of branches that the tests ran, by package, against the floors in pyproject.toml.

    python -m tests.coverage_floors build/coverage/report.json

Both shares must reach the floor: counted together, as coverage.py does, the many lines would hide the branches.
"""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REST = "rest"
"""The floor of packages that have none of their own."""


@dataclass(frozen=True)
class Covered:
    lines: int = 0
    lines_run: int = 0
    branches: int = 0
    branches_run: int = 0

    def __add__(self, other: Covered) -> Covered:
        return Covered(
            self.lines + other.lines,
            self.lines_run + other.lines_run,
            self.branches + other.branches,
            self.branches_run + other.branches_run,
        )

    @property
    def of_lines(self) -> float:
        return _percent(self.lines_run, self.lines)

    @property
    def of_branches(self) -> float:
        return _percent(self.branches_run, self.branches)

    @property
    def least(self) -> float:
        return min(self.of_lines, self.of_branches)


def package_of(path: str) -> str:
    """`domain` of `spacesctl/domain/ids.py`; what lies in no package of ours is `spacesctl` itself; all of `bots` is one."""
    parts = Path(path).parts
    return parts[1] if parts[0] == "spacesctl" and len(parts) > 2 else parts[0]


def by_package(report: dict[str, Any]) -> dict[str, Covered]:
    """Of a report by `coverage json`."""
    found: dict[str, Covered] = {}
    for path, file in report["files"].items():
        told = file["summary"]
        one = Covered(told["num_statements"], told["covered_lines"], told["num_branches"], told["covered_branches"])
        package = package_of(path)
        found[package] = found.get(package, Covered()) + one
    return found


def below(found: dict[str, Covered], floors: dict[str, float]) -> list[str]:
    return [package for package, covered in found.items() if covered.least < floors.get(package, floors[REST])]


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 100.0


def main(report: Path) -> int:
    floors = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["spacesctl"]["coverage"]
    found = by_package(json.loads(report.read_text()))
    low = below(found, floors)
    print(f"{'package':<14}{'lines':>8}{'branches':>10}{'floor':>7}")
    for package, covered in sorted(found.items()):
        floor = floors.get(package, floors[REST])
        mark = "  too low" if package in low else ""
        print(f"{package:<14}{covered.of_lines:>7.1f}%{covered.of_branches:>9.1f}%{floor:>6}%{mark}")
    if low:
        print(f"below the floor: {', '.join(sorted(low))}", file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
