"""Write the results of a test run into docs/interop.md: `pytest --interop-report FILE`, then `python docs/interop.py FILE`.

`--check` only says whether the page has the same results. Versions are not compared: they depend on the machine.
"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path

PAGE = Path(__file__).with_name("interop.md")
BEGIN = "<!-- Made by docs/interop.py from the results of a test run; do not edit. -->\n"
END = "<!-- End of the generated table. -->\n"
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
    """The page with its table replaced by `made`."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{made}\n{END}{rest.partition(END)[2]}"


def facts(page: str) -> set[tuple[str, ...]]:
    """The rows of a page's table, without versions."""
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
        sys.exit("docs/interop.md differs from the results of the tests" if differing else 0)
    PAGE.write_text(fresh)
