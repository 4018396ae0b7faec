"""Block lists from one account to another."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.inside import Person, refused


def test_a_list_says_whom_it_would_hit_and_then_blocks_with_its_reasons(
    host: Person, ann: Person, ben: Person, tmp_path: Path
) -> None:
    file = str(tmp_path / "trolls.json")
    host.says("block", ben.handle, "--yes")
    shown = host.says("blocklist", "export", file)
    assert "1 accounts, signed by" in shown
    ben.run("follow", ann.handle)
    done = ann.run("blocklist", "import", file)
    assert done.returncode == 2
    assert "--yes: is needed" in done.stderr
    assert f"{ben.handle}: follows you" in done.stderr
    assert ann.json("sanctions", "--blocks") == []
    done = ann.run("blocklist", "import", file, "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)["accounts"]) == (0, 1)
    assert [row["target"]["handle"] for row in ann.json("sanctions", "--blocks")] == [ben.handle]
    again = ann.run("blocklist", "import", file)
    assert (again.returncode, "1 blocked already" in again.stderr) == (0, True)


def test_only_the_signer_who_is_named_is_believed_and_only_what_is_whole(
    host: Person, ben: Person, tmp_path: Path
) -> None:
    file = tmp_path / "trolls.json"
    host.says("block", ben.handle, "--yes")
    host.says("blocklist", "export", str(file))
    refused(host.run("blocklist", "import", str(file), "--key", "0" * 16), 2, "--key: the list is signed by")
    file.write_text(file.read_text().replace(ben.handle, "@another"))
    refused(host.run("blocklist", "import", str(file)), 2, "was changed since it was signed")
    refused(host.run("blocklist", "import", str(tmp_path / "none.json")), 2, "cannot be read")
