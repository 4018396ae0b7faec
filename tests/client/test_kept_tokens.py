"""Tokens of `login`: in the system's keyring or, without one, in a file that nobody else can read."""

from __future__ import annotations

import stat
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from spacesctl.client import kept_tokens, profile
from spacesctl.domain.errors import Invalid, NotFound, NotSignedIn

HERE, THERE = "https://spaces.example.org", "https://other.example.org:8443/live"


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def set_password(self, service: str, username: str, password: str) -> None:
        self._open()
        self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        self._open()
        return self.kept.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        self._open()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError

    def _open(self) -> None:
        if self.is_locked:
            raise KeyringLocked


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, made = keyring.get_keyring(), Ring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_a_token_is_in_the_keyring_and_the_file_has_none(ring: Ring) -> None:
    assert kept_tokens.keep(f"{HERE}/", "@ann", "spx_secret") == "keyring"
    assert ring.kept == {("spacesctl", HERE): "spx_secret"}
    assert "spx_secret" not in kept_tokens.contexts_path().read_text()
    assert profile.find() == profile.Profile(HERE, "spx_secret")
    kept_tokens.forget(HERE)
    assert ring.kept == {}
    assert profile.find() == profile.Profile(profile.DEFAULT_URL, None)


def test_a_keyring_that_is_locked_later_is_said_and_no_command_acts_as_nobody(ring: Ring) -> None:
    kept_tokens.keep(HERE, "@ann", "spx_secret")
    ring.is_locked = True
    with pytest.raises(NotSignedIn, match="keyring does not give the token"):
        profile.find()
    assert profile.find("http://127.0.0.1:9").token is None, "another server"


@pytest.mark.parametrize("trouble", ["locked", "anybody can read it"])
def test_where_the_keyring_takes_nothing_it_is_the_file(
    ring: Ring, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trouble == "locked":
        ring.is_locked = True
    else:
        monkeypatch.setattr(Ring, "priority", 0.5)
    assert kept_tokens.keep(HERE, "@ann", "spx_secret") == "file"
    assert ring.kept == {}
    assert profile.find().token == "spx_secret"


def test_without_a_keyring_it_is_a_file_of_mode_0600() -> None:
    assert kept_tokens.keep(HERE, "@ann", "spx_secret") == "file"
    path = kept_tokens.contexts_path()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert profile.find() == profile.Profile(HERE, "spx_secret")
    kept_tokens.keep(THERE, "@ben", "spx_other")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    assert "spx_" not in repr(kept_tokens.read())


def test_each_server_has_its_token_and_one_is_meant_when_none_is_named() -> None:
    kept_tokens.keep(HERE, "@ann", "spx_here")
    kept_tokens.keep(THERE, "@ben", "spx_there")
    assert profile.find() == profile.Profile(THERE, "spx_there")
    assert profile.find(HERE.replace("https", "HTTPS")).token == "spx_here"
    kept_tokens.use(f"{HERE}/")
    assert profile.find().token == "spx_here"
    assert profile.find(link=THERE).token == "spx_there"
    assert profile.find("https://spaces.example.org.evil.test").token is None
    assert profile.find("http://spaces.example.org").token is None, "not over plain HTTP"
    kept_tokens.forget(HERE)
    assert profile.find().token == "spx_there"
    with pytest.raises(NotFound):
        kept_tokens.use(HERE)


def test_what_is_nearer_goes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    path = profile.profile_path()
    path.parent.mkdir(parents=True)
    path.write_text(f'url = "{HERE}"\ntoken = "spx_profile"\n')
    assert profile.find() == profile.Profile(HERE, "spx_profile")
    kept_tokens.keep(HERE, "@ann", "spx_login")
    assert profile.find() == profile.Profile(HERE, "spx_login")
    assert profile.origins()["token"] == str(kept_tokens.contexts_path())
    monkeypatch.setenv("SPACESCTL_TOKEN", "")
    assert profile.find().token is None
    monkeypatch.setenv("SPACESCTL_URL", THERE)
    monkeypatch.setenv("SPACESCTL_TOKEN", "spx_environment")
    assert profile.find() == profile.Profile(THERE, "spx_environment")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"servers": {"x": 7}}', '{"servers": {"x": {"token": "spx_secret"}}}']
)
def test_a_broken_file_is_said_without_its_secrets(text: str) -> None:
    path = kept_tokens.contexts_path()
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(Invalid, match="cannot be read") as found:
        profile.find()
    assert "spx_secret" not in str(found.value)
