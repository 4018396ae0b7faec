"""Where a setting comes from, and what happens to a wrong one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ifaddr
import pytest

from spacesctl.client import profile
from spacesctl.domain.errors import Invalid
from spacesctl.domain.retention import before
from spacesctl.server.http.front.limits import RequestLimits
from spacesctl.server.http.rates import Limits
from spacesctl.server.process.retention_days import RetentionDays
from spacesctl.server.process.settings import Settings, load, split_host_port
from spacesctl.server.webrtc.candidates import candidates, over_tcp


def test_a_flag_beats_the_environment_beats_dotenv_beats_the_file_beats_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load(None).http == "127.0.0.1:8420"
    Path("config.toml").write_text('http = "127.0.0.1:1"\n')
    assert load(None).http == "127.0.0.1:1"
    Path(".env").write_text("SPACESCTL_HTTP=127.0.0.1:2\n")
    assert load(None).http == "127.0.0.1:2"
    monkeypatch.setenv("SPACESCTL_HTTP", "127.0.0.1:3")
    assert load(None).http == "127.0.0.1:3"
    assert load(None, http="127.0.0.1:4").http == "127.0.0.1:4"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http = 'nowhere'", "http"),
        ("announce = ['example.org']", "announce"),
        ("log_level = 'loud'", "log_level"),
        ("bots = 'perhaps'", "bots"),
        ("tls_cert = 'a.pem'", "go together"),
        ("trusted_proxies = ['proxy.example.org']", "trusted_proxies"),
        ("public_url = 'spaces.example.org'", "public_url.*https://"),
        ("public_url = 'https://spaces.example.org/?a=b'", "public_url"),
        ("notify_schemes = ['syslog']", "notify_schemes.*this machine"),
        ("limits = { dm = 'often' }", r"limits\.dm.*10/second"),
        ("limits = { dm = '0/minute' }", r"limits\.dm"),
        ("limits = { peers = -1 }", r"limits\.peers"),
        ("limits = { dms = '1/minute' }", r"limits\.dms"),
        ("htpt = '127.0.0.1:1'", "htpt"),
        ("= 1", "config.toml"),
    ],
)
def test_a_wrong_setting_is_named(text: str, message: str) -> None:
    Path("config.toml").write_text(text)
    with pytest.raises(Invalid, match=message):
        load(None)


def test_a_named_config_file_must_be_there() -> None:
    with pytest.raises(Invalid, match=r"mine\.toml"):
        load(Path("mine.toml"))


def test_booleans_and_lists_come_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACESCTL_BOTS", "false")
    monkeypatch.setenv("SPACESCTL_ANNOUNCE", "192.0.2.1, 2001:db8::1")
    settings = load(None)
    assert settings.bots is False
    assert settings.announce == ["192.0.2.1", "2001:db8::1"]


def test_the_example_config_lists_every_setting_with_its_default() -> None:
    import tomllib

    text = (Path(__file__).parents[2] / "config.example.toml").read_text()
    uncommented = "\n".join(
        line.removeprefix("#") if line.startswith("#") and " = " in line else line for line in text.splitlines()
    )
    listed: dict[str, Any] = tomllib.loads(
        "\n".join(line for line in uncommented.splitlines() if not line.startswith(("# ", " ")))
    )
    fields = set(Settings.model_fields) - {"from_file"}
    assert set(listed) == fields
    assert set(listed["limits"]) == set(Limits.model_fields)
    assert set(listed["retention"]) == set(RetentionDays.model_fields)
    assert set(listed["requests"]) == set(RequestLimits.model_fields)
    assert Settings(from_file=listed).model_dump() == Settings().model_dump() | {
        "public_url": listed["public_url"],
        **{name: Path(listed[name]) for name in ("audit", "model", "tls_cert", "tls_key")},
    }


@pytest.mark.parametrize("text", ["8420", "host:port", ":1", "a:70000", ""])
def test_what_is_no_host_and_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        split_host_port(text)


def test_ipv6_addresses_stand_in_brackets() -> None:
    assert split_host_port("[::1]:80") == ("::1", 80)


@pytest.mark.parametrize(
    ("http", "loopback"),
    [("127.0.0.1:1", True), ("[::1]:1", True), ("localhost:1", True), ("0.0.0.0:1", False), ("192.0.2.1:1", False)],
)
def test_what_counts_as_open_to_others(http: str, loopback: bool) -> None:
    assert load(None, http=http).binds_loopback_only is loopback


def test_peers_are_offered_what_the_operator_announces_or_where_the_socket_is() -> None:
    assert candidates("0.0.0.0:1", 5, ["192.0.2.7", "2001:db8::1"]) == [("192.0.2.7", 5), ("2001:db8::1", 5)]
    assert candidates("127.0.0.1:0", 5, []) == [("127.0.0.1", 5)]
    every = candidates("0.0.0.0:0", 5, [])
    assert every[-1] == ("127.0.0.1", 5), "loopback last"


@pytest.mark.parametrize(
    ("udp", "offered"),
    [
        ("0.0.0.0:1", ["192.0.2.7", "127.0.0.1"]),
        ("[::]:1", ["192.0.2.7", "2001:db8::7", "127.0.0.1", "::1"]),
        ("[2001:db8::7]:1", ["2001:db8::7"]),
    ],
)
def test_a_socket_of_both_families_is_offered_at_addresses_of_both(
    monkeypatch: pytest.MonkeyPatch, udp: str, offered: list[str]
) -> None:
    ips: list[str | tuple[str, int, int]] = ["127.0.0.1", "192.0.2.7"]
    ips += [("::1", 0, 0), ("fe80::1", 0, 2), ("2001:db8::7", 0, 0)]
    adapter = SimpleNamespace(ips=[SimpleNamespace(ip=ip) for ip in ips])
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: [adapter])
    assert candidates(udp, 5, []) == [(address, 5) for address in offered]


@pytest.mark.parametrize(
    ("hosts", "announce", "offered"),
    [
        (["0.0.0.0"], [], ["192.0.2.7", "127.0.0.1"]),
        (["::"], [], ["192.0.2.7", "127.0.0.1"]),
        (["192.0.2.7"], [], ["192.0.2.7"]),
        (["10.0.0.1"], ["192.0.2.7", "127.0.0.1"], ["192.0.2.7", "127.0.0.1"]),
        ([], [], []),
        ([], ["192.0.2.7", "127.0.0.1"], []),
    ],
)
def test_over_tcp_peers_are_offered_the_addresses_that_are_listened_at(
    hosts: list[str], announce: list[str], offered: list[str]
) -> None:
    udp = [("192.0.2.7", 5), ("127.0.0.1", 5)]
    assert [host for host, _ in over_tcp(udp, hosts, announce)] == offered


def test_a_profile_is_overruled_by_dotenv_and_that_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert profile.find() == profile.Profile(profile.DEFAULT_URL, None)
    assert profile.write_first_profile("http://a:1", 'spx_"quoted"') is not None
    assert profile.write_first_profile("http://other:1", "spx_other") is None, "one that is there is left alone"
    assert profile.find() == profile.Profile("http://a:1", 'spx_"quoted"')
    Path(".env").write_text("SPACESCTL_URL=http://b:1\n")
    assert profile.find().url == "http://b:1"
    monkeypatch.setenv("SPACESCTL_URL", "http://c:1/")
    assert profile.find().url == "http://c:1"
    monkeypatch.setenv("SPACESCTL_TOKEN", "")
    assert profile.find().token is None, "set but empty means nobody"


def test_days_that_are_off_keep_for_good() -> None:
    kept = RetentionDays.model_validate({"evidence_days": "off", "captions_days": 0, "cases_days": 10**9}).kept
    assert (kept.evidence, kept.captions, kept.dismissed) == (None, None, timedelta(days=7))
    assert kept.cases is not None
    assert before(datetime.now(UTC), kept.cases) is not None, "no date is too early"
