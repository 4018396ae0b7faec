"""Put what a test run found into docs/interop.md: `pytest --interop-report FILE`, then `python docs/interop.py FILE`.

`--check` only tells whether the page says the same, versions aside: those are what the machine of the last run had.
"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path

PAGE = Path(__file__).with_name("interop.md")
BEGIN = "<!-- Made by docs/interop.py from the results of a test run; run the tests, do not change it. -->\n"
END = "<!-- The end of what is made. -->\n"
HEAD = "| client | version | way | outcome | tests |\n| --- | --- | --- | --- | --- |\n"


def table(results: list[dict[str, str]]) -> str:
    """A row for each client and way."""

    def by(row: dict[str, str]) -> tuple[str, str]:
        return row["client"].lower(), row["way"]

    rows = []
    for _, found in groupby(sorted(results, key=by), by):
        tests = list(found)
        client, version, way = (tests[0][name] for name in ("client", "version", "way"))
        outcome = next((one["outcome"] for one in tests if one["outcome"] != "passed"), "passed")
        names = "<br>".join(dict.fromkeys(f"`{one['test'].partition('[')[0]}`" for one in tests))
        rows.append(f"| {client} | {version} | {way} | {outcome} | {names} |\n")
    return HEAD + "".join(rows)


def put(page: str, made: str) -> str:
    """The page with this table in it."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{made}\n{END}{rest.partition(END)[2]}"


def facts(page: str) -> set[tuple[str, ...]]:
    """What a page's table says, without versions."""
    lines = page.partition(BEGIN)[2].partition(END)[0].splitlines()
    cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("| ")]
    return {(client, *rest) for client, _, *rest in cells[2:]}


if __name__ == "__main__":
    file, *flags = sys.argv[1:]
    page = PAGE.read_text()
    fresh = put(page, table(json.loads(Path(file).read_text())))
    if flags == ["--check"]:
        differing = sorted(facts(page) ^ facts(fresh))
        for row in differing:
            print("only found:" if row in facts(fresh) else "only on the page:", *row, sep=" | ")
        sys.exit("docs/interop.md is not what the tests found" if differing else 0)
    PAGE.write_text(fresh)
