"""Signed block lists: whose they are is known, and what was changed since is refused."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.api.wire import Time
from spacesctl.client import blocklists
from spacesctl.client.blocklists import BlockList, Entry, read, signed, written
from spacesctl.domain.errors import Invalid

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AT = Time.read("2026-11-30T18:00:00.000Z")
handles = st.from_regex(r"@[A-Za-z0-9_]{1,15}", fullmatch=True)
entries = st.lists(st.builds(Entry, handle=handles, reason=st.text(max_size=40)), max_size=5)


def made(of: list[Entry]) -> BlockList:
    bare = BlockList(schema=1, server="https://a.example", by="@host", made_at=AT, entries=of, key="0" * 64)
    return signed(bare, KEY)


@given(entries)
def test_what_is_signed_is_read_as_it_was(of: list[Entry]) -> None:
    found = read(written(made(of)), "a.json")
    assert found.entries == of
    assert found.key == KEY.public_key().public_bytes_raw().hex()


@pytest.mark.parametrize(
    "change",
    [
        {"by": "@other"}, {"server": "https://b.example"}, {"entries": []}, {"made_at": "2026-11-30T18:00:00.001Z"},
        {"key": Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()}, {"signature": "0" * 128},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_what_was_changed_since_is_refused(change: dict[str, Any]) -> None:
    whole = json.loads(written(made([Entry(handle="@troll", reason="spam")])))
    with pytest.raises(Invalid, match="was changed since it was signed"):
        read(json.dumps({**whole, **change}).encode(), "a.json")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b"[" * 10_000, b"\xff", written(made([])).replace(b"\"schema\": 1", b"\"schema\": 2"),
        written(made([])).replace(b"{", b"{\"more\": 1,", 1), b" " * (blocklists.MOST_BYTES + 1),
    ],
    ids=["nothing", "empty", "deep", "no text", "another version", "more fields", "too long"],
)  # fmt: skip
def test_what_is_no_list_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(Invalid, match=r"^a\.json"):
        read(content, "a.json")


def test_one_s_key_is_made_once_and_is_nobody_else_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    first = blocklists.own_key().private_bytes_raw()
    assert blocklists.own_key().private_bytes_raw() == first
    assert stat.S_IMODE(blocklists.key_path().stat().st_mode) == 0o600
    blocklists.key_path().write_text("nonsense")
    with pytest.raises(Invalid, match="cannot be read as a key"):
        blocklists.own_key()
