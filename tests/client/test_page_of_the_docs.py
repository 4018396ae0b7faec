"""The examples of docs/client.md, run in order against a server of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.running import running_server

PAGE = Path(__file__).parents[2] / "docs" / "client.md"


@pytest.mark.timeout(60)
def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    monkeypatch.setenv("ANN_TOKEN", "")
    with running_server(tmp_path, "--no-bots") as server:
        monkeypatch.setenv("SPACESCTL_URL", server.url)
        monkeypatch.setenv("SPACESCTL_TOKEN", server.owner_token)
        said = []
        for number, example in enumerate(examples):
            exec(compile(example, f"{PAGE.name}, example {number + 1}", "exec"), {"__name__": "example"})
            said.append(capsys.readouterr().out)
    created, listed, errors, room, sound = said
    assert "live http" in created
    assert "Office hours @owner" in listed
    assert "space.create" in listed
    assert errors.startswith("title title:")
    assert "there is no Space AAAAAAAAAAAAA" in errors
    assert "is now speaker" in room
    assert re.search(r"the Space clock says \d+\nover: ended", sound)
