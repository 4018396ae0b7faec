"""What a Space's link names is done on the server of the link, with the credential for that server or with none."""

from __future__ import annotations

import inspect
import subprocess
from pathlib import Path

import pytest

from spacesctl.api.wire import dump
from spacesctl.cli.commands import ROOT
from spacesctl.cli.lazy import verbs
from spacesctl.cli.options import NAMES_A_SPACE
from spacesctl.client.profile import find, profile_path
from spacesctl.domain.errors import Invalid
from tests.cli.broken_server import broken_server
from tests.cli.inside import Person, refused, run
from tests.cli.samples import ID, space
from tests.running import spacesctl

FOUND = dump(space()).decode()
MINE = "http://127.0.0.1:9"


def test_a_link_leads_to_its_server_without_the_token_of_another() -> None:
    with broken_server({f"/v1/spaces/{ID}": [FOUND]}) as (url, asked):
        done = run(MINE, "spx_mine", "calendar", f"{url}/s/{ID}")
        assert done.returncode == 3, "it has no calendar"
        shown = run(MINE, "spx_mine", "watch", f"{url}/s/{ID}")
        assert shown.returncode == 3
        kicked = run(MINE, "spx_mine", "kick", f"{url.upper().replace('HTTP', 'http')}/s/{ID}/", "@ann")
    assert kicked.returncode == 4
    note, error = kicked.stderr.splitlines()
    assert note == f"your token is for {MINE} and is not sent to {url}"
    assert error.startswith(f"spacesctl: you are not logged in to {url}")
    assert [path for path, _ in asked] == [f"/v1/spaces/{ID}.ics", f"/v1/spaces/{ID}", f"/v1/spaces/{ID}/people"]


def test_the_credential_for_the_server_of_a_link_is_used(host: Person) -> None:
    live = host.live()
    profile_path().parent.mkdir(parents=True, exist_ok=True)
    profile_path().write_text(f'url = "{host.server.url}"\ntoken = "{host.token}"\n')
    Path(".env").write_text(f"SPACESCTL_URL={MINE}\nSPACESCTL_TOKEN=spx_folder\n")
    done = run(None, None, "end", f"{host.server.url}/s/{live}", "--yes")
    assert (done.returncode, done.stderr) == (0, "")


def test_speaking_and_listening_follow_a_link_too(host: Person) -> None:
    link = f"{host.server.url}/s/{host.live()}"
    refused_to_speak = run(MINE, "spx_mine", "speak", link, "--file", "x.wav")
    assert refused_to_speak.returncode == 4
    assert "you are not logged in to" in refused_to_speak.stderr
    env = host.server.env("spx_mine") | {"SPACESCTL_URL": MINE, "XDG_CONFIG_HOME": str(Path("nowhere"))}
    words = spacesctl("listen", link, "--output", "heard.ogg", "--seconds", "0.2")
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=15, check=False)
    assert done.returncode == 0
    assert done.stderr.startswith(f"your token is for {MINE} and is not sent to")


def test_a_link_that_contradicts_the_option_is_refused() -> None:
    words = ("show", f"http://other.example:8080/s/{ID}")
    refused(run(None, None, "--url", MINE, *words), 2, "the link is of http://other.example:8080, and --url names")
    assert find("HTTP://Other.Example:8080/", "http://other.example:8080").url == "http://other.example:8080"
    with pytest.raises(Invalid):
        find("http://other.example", "https://other.example")


@pytest.mark.parametrize(
    "ref",
    [
        f"http://other.example/{ID}", f"other.example/s/{ID}", f"http:///s/{ID}", f"ftp://x/s/{ID}", "http://[::/s/x",
        f"http://h:99999/s/{ID}", "http://other.example/s/short", "https://",
    ],
)  # fmt: skip
def test_what_is_no_link_of_a_space_is_sent_nowhere(ref: str) -> None:
    refused(run(MINE, "spx_mine", "kick", ref, "@ann"), 2, "is neither a Space's id")


def test_a_token_of_the_environment_is_not_for_the_server_of_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACESCTL_TOKEN", "spx_env")
    assert find(None, "http://evil.example").token is None
    assert find(None, "http://127.0.0.1:8420").token == "spx_env"
    monkeypatch.setenv("SPACESCTL_URL", "http://EVIL.example:80/")
    assert find(None, "http://evil.example").token == "spx_env"


def test_a_folder_cannot_put_the_token_into_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACESCTL_TOKEN", "spx_env")
    Path(".env").write_text("SPACESCTL_URL=http://evil.example/${SPACESCTL_TOKEN}\n")
    assert "spx_env" not in find().url
    assert find().token is None


def test_every_argument_that_is_a_space_may_be_a_link() -> None:
    for words, verb in verbs(ROOT):
        for name, one in inspect.signature(verb.function(), eval_str=True).parameters.items():
            for more in getattr(one.annotation, "__metadata__", ()):
                if str(getattr(more, "metavar", "")).startswith("SPACE"):
                    assert name in NAMES_A_SPACE, f"{words}: {name}"
